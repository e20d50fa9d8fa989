"""SageMaker's serving contract over HTTP: GET /ping and POST /invocations."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mlops.serve_artifact import LoadedModel, Reply

LARGEST_BODY = 6 * 1024 * 1024
DEFAULT_TYPE = "application/json"
_PATIENCE = 10 * LARGEST_BODY

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ContentTypes:
    """What a model takes and gives; empty when its handlers alone decide."""

    accepted: Collection[str] = ()
    offered: Collection[str] = ()


class RefusedError(Exception):
    """The request cannot be answered; `status` and the text go to the client."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Endpoint:
    """Answers requests with one model, one request at a time, as one worker of an endpoint."""

    def __init__(self, model: LoadedModel, types: ContentTypes) -> None:
        self._model = model
        self._types = types
        self._worker = anyio.CapacityLimiter(1)

    async def ping(self, _request: Request) -> Response:
        """200: the model was loaded before the first request was taken."""
        return Response(status_code=200)

    async def invoke(self, request: Request) -> Response:
        """A prediction, or why there is none."""
        try:
            content_type = _media_type(request.headers.get("content-type")) or DEFAULT_TYPE
            self._check_content_type(content_type)
            accept = self._accepted(request.headers.get("accept"))
            body = await _body(request)
            reply = await anyio.to_thread.run_sync(
                self._answer,
                body,
                request.headers.get("content-type") or DEFAULT_TYPE,
                accept,
                limiter=self._worker,
            )
        except RefusedError as error:
            return JSONResponse({"error": str(error)}, error.status)
        except Exception:
            log.exception("the model failed")
            return JSONResponse({"error": "internal error; the server's log says why"}, 500)
        return Response(reply.body, media_type=reply.content_type)

    def _check_content_type(self, content_type: str) -> None:
        if self._types.accepted and content_type not in self._types.accepted:
            known = ", ".join(self._types.accepted)
            raise RefusedError(415, f"content type {content_type!r} is not one of: {known}")

    def _accepted(self, header: str | None) -> str:
        """What the handlers are asked for: the client's header, or its first type that we offer."""
        if not header or header.strip() == "*/*":
            return DEFAULT_TYPE
        if not self._types.offered:
            return header
        for wanted in (_media_type(part) for part in header.split(",")):
            for offered in self._types.offered:
                if wanted in {offered, "*/*", f"{offered.partition('/')[0]}/*"}:
                    return offered
        known = ", ".join(self._types.offered)
        raise RefusedError(406, f"cannot answer as {header!r}, only as: {known}")

    def _answer(self, body: bytes, content_type: str, accept: str) -> Reply:
        try:
            data = self._model.input_fn(body, content_type)
        except Exception as error:
            raise _refusal(error, unread=True) from error
        try:
            return self._model.reply(self._model.predict_fn(data, self._model.model), accept)
        except Exception as error:
            raise _refusal(error, unread=False) from error


def _refusal(error: Exception, *, unread: bool) -> Exception:
    """What a handler's error means to the client.

    A `status_code` on the error decides, as in AWS's inference toolkit. Without one, a
    `ValueError` while the body is read is the client's, and everything else is the model's.
    """
    status: Any = getattr(error, "status_code", None)
    if isinstance(status, int) and 400 <= status < 500:
        return RefusedError(status, str(error))
    if unread and isinstance(error, ValueError):
        return RefusedError(400, str(error))
    return error


async def _body(request: Request) -> bytes:
    """The whole body; of one that is too large nothing is kept.

    It is read on for a while, because most clients listen only when they have sent everything.
    """
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= LARGEST_BODY:
            parts.append(part)
        else:
            parts.clear()
        if size > _PATIENCE:
            break
    if size > LARGEST_BODY:
        raise RefusedError(413, f"more than {LARGEST_BODY} bytes in a request: send fewer records")
    if not size:
        raise RefusedError(400, "the body is empty")
    return b"".join(parts)


def _media_type(header: str | None) -> str:
    return (header or "").partition(";")[0].strip().lower()


def build_app(model: LoadedModel, types: ContentTypes | None = None) -> Starlette:
    """The application that serves a loaded model."""
    endpoint = Endpoint(model, types or ContentTypes())
    return Starlette(
        routes=[
            Route("/ping", endpoint.ping, methods=["GET"]),
            Route("/invocations", endpoint.invoke, methods=["POST"]),
        ]
    )
