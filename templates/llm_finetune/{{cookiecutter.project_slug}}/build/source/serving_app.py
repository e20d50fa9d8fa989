"""Serves a tuned model as its endpoint will: SageMaker's routes, and OpenAI's beside them.

GET /ping; POST /invocations with a chat or a completion body; POST /v1/chat/completions and
/v1/completions; GET /v1/models. One answer is generated at a time, by one thread; others wait for
their turn, and when too many wait the server says so with 503 instead of letting them time out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from source.base_model import base_folder
from source.hardware import use_threads_for
from source.json_requests import RefusedRequest, read_body, require_json
from source.model_files import ADAPTER, load_tuned, read_metadata
from source.serving_answers import Answers, failure
from source.serving_generation import LanguageModel, Piece, Prompt
from source.serving_request import (
    ChatRequest,
    CompletionRequest,
    Request,
    read_request,
)
from source.streaming import StreamingWorkers
from source.train_settings import ModelSettings

MOST_WAITING = 64

log = logging.getLogger(__name__)


def build_app(model_dir: str | Path, base: str | Path | None = None) -> Starlette:
    """The application for a model directory. Raises `UserError` when it cannot be loaded.

    `base` is the folder of the base model, which an adapter needs; by default it is found where
    the model's metadata says: a folder of this repository, or the Hub.
    """
    directory = Path(model_dir)
    metadata = read_metadata(directory)
    folder = Path(base) if base is not None else None
    if (directory / ADAPTER).is_dir():
        recorded = metadata["base"]
        settings = ModelSettings(source=recorded["source"], revision=recorded["revision"])
        folder = base_folder(settings, folder)
    model, tokenizer = load_tuned(directory, folder)
    hidden_size = int(model.config.get_text_config().hidden_size)
    return Server(LanguageModel(model, tokenizer), directory.name, hidden_size).app


class Server:
    """One model behind the routes; safe for many clients at once."""

    def __init__(self, model: LanguageModel, name: str, hidden_size: int) -> None:
        self._model = model
        self._name = name
        one = ThreadPoolExecutor(1, "generation", use_threads_for, (hidden_size,))
        self._worker = StreamingWorkers(one)
        self.app = Starlette(
            routes=[
                Route("/ping", self.ping, methods=["GET"]),
                Route("/invocations", self.invoke, methods=["POST"]),
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
                Route("/v1/completions", self.complete, methods=["POST"]),
                Route("/v1/models", self.models, methods=["GET"]),
            ]
        )

    async def ping(self, _request: HttpRequest) -> Response:
        """200: the model was loaded before the first request was taken."""
        return Response(status_code=200)

    async def models(self, _request: HttpRequest) -> Response:
        """The one model there is."""
        return JSONResponse(
            {
                "object": "list",
                "data": [
                    {"id": self._name, "object": "model", "max_model_len": self._model.context}
                ],
            }
        )

    async def invoke(self, request: HttpRequest) -> Response:
        """Either kind of request, known by its fields."""
        return await self._answer(request, None)

    async def chat(self, request: HttpRequest) -> Response:
        """The next turn of a conversation."""
        return await self._answer(request, ChatRequest)

    async def complete(self, request: HttpRequest) -> Response:
        """What comes after a text."""
        return await self._answer(request, CompletionRequest)

    async def _answer(self, http: HttpRequest, kind: type[Request] | None) -> Response:
        try:
            require_json(http)
            request = read_request(await read_body(http), kind)
            prompt = await asyncio.to_thread(self._model.prompt, request)
            if self._worker.waiting >= MOST_WAITING:
                raise RefusedRequest(f"{MOST_WAITING} requests wait already: try again later", 503)
            answers = Answers(request, prompt, request.model or self._name)
            if request.stream:
                return StreamingResponse(
                    self._events(answers), media_type="text/event-stream; charset=utf-8"
                )
            pieces = [piece async for piece in self._pieces(prompt, request)]
            text = "".join(piece.text for piece in pieces)
            return JSONResponse(answers.whole(text, pieces[-1]))
        except RefusedRequest as error:
            headers = {"retry-after": "1"} if error.status == 503 else None
            return JSONResponse(failure(str(error), error.status), error.status, headers)
        except Exception:
            log.exception("the model failed")
            return JSONResponse(failure("internal error; the server's log says why", 500), 500)

    async def _events(self, answers: Answers) -> AsyncIterator[bytes]:
        try:
            yield answers.opening()
            last = Piece("", 0)
            async for piece in self._pieces(answers.prompt, answers.request):
                last = piece
                yield answers.part(piece)
            yield answers.closing(last)
        except Exception:
            # The status has been sent: all that is left is an event that says so.
            log.exception("the model failed")
            yield b'data: {"error": {"message": "internal error", "code": 500}}\n\n'

    def _pieces(self, prompt: Prompt, request: Request) -> AsyncIterator[Piece]:
        """Pieces as the worker draws them; it stops when no one listens any more."""
        return self._worker.stream(lambda: self._model.generate(prompt, request))
