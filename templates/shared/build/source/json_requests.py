"""What every server of ours does with a request before it is understood: JSON, and not too much.

A request that cannot be answered is a `RefusedRequest`, whose text goes to the client.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

if TYPE_CHECKING:  # not everywhere where bodies are read is there a server of this kind
    from starlette.requests import Request

# As SageMaker limits a body.
LARGEST_BODY = 6 * 1024 * 1024


class RefusedRequest(Exception):
    """A request that cannot be answered; `status` and the text are the answer."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def require_json(request: Request) -> None:
    """Refuse another content type than JSON; none at all counts as JSON."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if kind.lower() != "application/json":
        raise RefusedRequest(f"content type {kind!r} is not supported; send application/json", 415)


async def read_body(request: Request) -> bytes:
    """The whole body; refused when it is empty or larger than `LARGEST_BODY`."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BODY:
            raise RefusedRequest(f"the body has more than {LARGEST_BODY} bytes", 413)
        parts.append(part)
    if not size:
        raise RefusedRequest("the body is empty")
    return b"".join(parts)


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; refused when there is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RefusedRequest(f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise RefusedRequest("the body must be a JSON object")
    return document


def explain(error: ValidationError) -> str:
    """What is wrong with which field, in one line."""
    return "; ".join(map(_explain, error.errors()))


def _explain(item: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in item["loc"]) or "the request"
    return f"{place}: {item['msg']}"
