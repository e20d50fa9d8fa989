"""Clients of AWS services: short timeouts, few attempts, and what is large parsed only once.

They are boto3's clients, made by the botocore below it: boto3 itself would bring transfer managers
that nothing here uses, at a quarter of the import's time. AWS_ENDPOINT_URL_<SERVICE> points a
client elsewhere.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.loaders import Loader

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5, 20, 4


def client(service: str, region: str | None, profile: str | None = None) -> Any:
    """Return botocore's client of `service`; without a region, that of the environment.

    profile: of the AWS configuration, instead of the credentials that are found without one.
    """
    import botocore.session
    from botocore.config import Config

    session = botocore.session.Session(profile=profile)
    session.register_component("data_loader", _service_models())
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    return session.create_client(service, region_name=region, config=config)


@cache
def _service_models() -> Loader:
    """botocore's descriptions of services, parsed once per process: they are large."""
    import botocore.session

    loader: Loader = botocore.session.Session().get_component("data_loader")
    return loader
