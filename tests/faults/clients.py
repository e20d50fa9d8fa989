"""Clients of AWS for many environments: made once, and as good as new for each of them.

Making one takes as long as ten calls. What a new one has and a used one lacks is a full retry quota
and no open connection, which a process that is killed would share with this one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from botocore.retries import quota

import generator.aws


@contextmanager
def kept_clients() -> Iterator[None]:
    """Let `generator.aws.client` give each client again, refreshed."""
    make, kept = generator.aws.client, dict[object, tuple[Any, list[quota.RetryQuota]]]()

    def client(service: str, region: str | None, profile: str | None = None) -> Any:
        key = (service, region, profile, threading.get_ident())
        if key not in kept:
            kept[key] = _made(service, region)
        found, quotas = kept[key]
        for one in quotas:
            one.release(one.INITIAL_CAPACITY)
        found._endpoint.http_session.close()
        return found

    def _made(service: str, region: str | None) -> tuple[Any, list[quota.RetryQuota]]:
        quotas: list[quota.RetryQuota] = []

        class Known(quota.RetryQuota):
            def __init__(self, *given: Any, **more: Any) -> None:
                super().__init__(*given, **more)
                quotas.append(self)

        with mock.patch.object(quota, "RetryQuota", Known):
            return make(service, region), quotas

    with mock.patch.object(generator.aws, "client", client):
        yield
