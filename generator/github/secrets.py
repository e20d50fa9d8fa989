"""Stores true secrets for workflows: sealed for GitHub's key, so that only GitHub can open them."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from generator.github.concealed import Concealed
from generator.github.transport import Api, repository_path


def set_secrets(
    api: Api, repository: str, values: Mapping[str, Concealed], environment: str | None = None
) -> tuple[str, ...]:
    """Store `values` by name in the repository, or in one environment; return the names.

    GitHub never shows a secret again, so each is written each time: a changed value arrives, an
    unchanged one changes nothing. Its time of change would not do instead: a version of a secret
    in AWS may be made long before it becomes the current one, and a person may have written
    another value here. Raises what Api.request raises.
    """
    if not values:
        return ()
    scope = ["environments", environment] if environment else ["actions"]
    key = api.get(repository_path(repository, *scope, "secrets", "public-key"))
    for name, value in sorted(values.items()):
        body = {"encrypted_value": _sealed(key["key"], value), "key_id": key["key_id"]}
        api.request("PUT", repository_path(repository, *scope, "secrets", name), body)
    return tuple(sorted(values))


def _sealed(key: str, value: Concealed) -> str:
    from nacl.public import PublicKey, SealedBox

    box = SealedBox(PublicKey(base64.b64decode(key)))
    return base64.b64encode(box.encrypt(value.reveal().encode())).decode()
