"""Serves a package as its endpoint will: GET /ping, POST /invocations with a question or feedback.

A question is answered whole, or as server-sent events: `passages` first, then `text` as it is
written, then `answer` with everything, then [DONE]. Many questions are answered at once; when too
many wait the server says so with 503 instead of letting them time out.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from source import feedback, tracing
from source.answer_log import log_answer, log_failure
from source.answering import Asked
from source.answers import Answer
from source.application import Application, open_application
from source.capture import CAPTURE_DIRECTORY, CaptureFile
from source.generation_settings import BEDROCK
from source.generators import GenerationFailed
from source.json_requests import RefusedRequest, read_body, require_json
from source.serving_request import FeedbackRequest, QuestionRequest, read_request
from source.streaming import StreamingWorkers

MOST_WAITING = 256
# A language model elsewhere is waited for; searching here computes.
REMOTE_WORKERS = 32
DONE = b"data: [DONE]\n\n"

log = logging.getLogger(__name__)


def build_app(model_dir: str | Path) -> Starlette:
    """The application for a package folder. Raises `UserError` when it cannot be trusted."""
    tracing.for_endpoint()
    folder = os.environ.get(CAPTURE_DIRECTORY)
    capture = CaptureFile(Path(folder)) if folder else None
    if folder:
        print(f"questions, answers and feedback are kept in {folder}", file=sys.stderr)
    return Server(open_application(Path(model_dir)), capture).app


class Server:
    """One package behind the routes; safe for many clients at once."""

    def __init__(self, application: Application, capture: CaptureFile | None = None) -> None:
        self._application = application
        self._capture = capture
        remote = application.generation.kind == BEDROCK
        workers = REMOTE_WORKERS if remote else max(2, os.cpu_count() or 2)
        self._workers = StreamingWorkers(ThreadPoolExecutor(workers, "answering"))
        self.app = Starlette(
            routes=[
                Route("/ping", self.ping, methods=["GET"]),
                Route("/invocations", self.invoke, methods=["POST"]),
            ]
        )

    async def ping(self, _request: HttpRequest) -> Response:
        """200: the package was opened and checked before the first request was taken."""
        return Response(status_code=200)

    async def invoke(self, http: HttpRequest) -> Response:
        """An answer, a stream of one, or that feedback is recorded."""
        try:
            require_json(http)
            body = await read_body(http)
            request = read_request(body)
            if isinstance(request, FeedbackRequest):
                return await self._feedback(request)
            if self._workers.waiting >= MOST_WAITING:
                raise RefusedRequest(f"{MOST_WAITING} requests wait already: try again later", 503)
            asked = request.asked(self._application.top_k)
            if request.stream:
                return StreamingResponse(
                    self._events(request, asked), media_type="text/event-stream; charset=utf-8"
                )
            *_, answer = [item async for item in self._items(asked, streamed=False)]
            document = answer.as_dict()
            self._record(request.model_dump(mode="json"), document, answer.seconds)
            return JSONResponse(document)
        except RefusedRequest as error:
            headers = {"retry-after": "1"} if error.status == 503 else None
            return JSONResponse({"error": str(error)}, error.status, headers)
        except GenerationFailed as error:
            log.warning("%s", error)
            return JSONResponse(
                {"error": _public(error)}, 503 if error.busy else 502, {"retry-after": "2"}
            )
        except Exception:
            log.exception("a question was not answered")
            return JSONResponse({"error": "internal error; the server's log says why"}, 500)

    async def _feedback(self, request: FeedbackRequest) -> Response:
        await asyncio.to_thread(feedback.record, request.feedback)
        recorded = {"recorded": True}
        self._record(request.model_dump(mode="json"), recorded)
        return JSONResponse(recorded)

    async def _events(self, request: QuestionRequest, asked: Asked) -> AsyncIterator[bytes]:
        try:
            async for item in self._items(asked, streamed=True):
                if isinstance(item, str):
                    yield _event({"type": "text", "text": item})
                elif isinstance(item, Answer):
                    document = item.as_dict()
                    self._record(request.model_dump(mode="json"), document, item.seconds)
                    yield _event({"type": "answer", **document})
                else:
                    passages = [passage.as_dict() for passage in item]
                    yield _event({"type": "passages", "passages": passages})
        except GenerationFailed as error:
            # The status has been sent: all that is left is an event that says so.
            log.warning("%s", error)
            yield _event({"type": "error", "error": _public(error)})
        except Exception:
            log.exception("a question was not answered")
            yield _event({"type": "error", "error": "internal error"})
        yield DONE

    def _items(self, asked: Asked, *, streamed: bool) -> AsyncIterator[Any]:
        """What a worker's thread yields, as it comes; it stops when no one listens any more."""
        return self._workers.stream(lambda: self._logged(asked, streamed=streamed))

    def _logged(self, asked: Asked, *, streamed: bool) -> Iterator[Any]:
        try:
            for item in self._application.answerer.stream(asked):
                if isinstance(item, Answer):
                    log_answer(item, streamed=streamed)
                yield item
        except GenerationFailed as error:
            log_failure(error)
            raise

    def _record(
        self,
        request: dict[str, Any],
        response: dict[str, Any],
        seconds: Mapping[str, float] | None = None,
    ) -> None:
        if self._capture is not None:
            self._capture.write(request, response, seconds)


def _event(document: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(document, ensure_ascii=False)}\n\n".encode()


def _public(error: GenerationFailed) -> str:
    """Without what only operators should read, such as model ids and role names."""
    if error.busy:
        return "the language model is busy: try again later"
    return "the language model cannot be asked; the server's log says why"
