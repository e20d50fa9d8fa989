"""Answers in the shape of the OpenAI interface, whole and as a stream of server-sent events."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from source.serving_generation import Piece, Prompt
from source.serving_request import ChatRequest, Request

DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True)
class Answers:
    """Makes the documents of one answer, which share an id and a time."""

    request: Request
    prompt: Prompt
    model: str
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def chat(self) -> bool:
        """Whether a conversation is continued; else a text."""
        return isinstance(self.request, ChatRequest)

    def whole(self, text: str, last: Piece) -> dict[str, Any]:
        """The answer in one document."""
        content: dict[str, Any] = (
            {"message": {"role": "assistant", "content": text}} if self.chat else {"text": text}
        )
        return self._document(content, last.finish_reason, stream=False) | {
            "usage": self._usage(last)
        }

    def opening(self) -> bytes:
        """The first event of a chat stream says who speaks; a completion has none."""
        if not self.chat:
            return b""
        return self._event(
            self._document({"delta": {"role": "assistant", "content": ""}}, None, stream=True)
        )

    def part(self, piece: Piece) -> bytes:
        """An event with a piece of text."""
        content: dict[str, Any] = (
            {"delta": {"content": piece.text}} if self.chat else {"text": piece.text}
        )
        return self._event(self._document(content, piece.finish_reason, stream=True))

    def closing(self, last: Piece) -> bytes:
        """The end of a stream, with a count of tokens where it was asked for."""
        if not self.request.include_usage:
            return DONE
        document = self._document({}, None, stream=True) | {
            "choices": [],
            "usage": self._usage(last),
        }
        return self._event(document) + DONE

    def _document(
        self, content: dict[str, Any], reason: str | None, *, stream: bool
    ) -> dict[str, Any]:
        kind = ("chat.completion" if self.chat else "text_completion") + (
            ".chunk" if self.chat and stream else ""
        )
        choice = {"index": 0, **content, "logprobs": None, "finish_reason": reason}
        return {
            "id": f"{'chatcmpl' if self.chat else 'cmpl'}-{self.id}",
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": [choice],
        }

    def _usage(self, last: Piece) -> dict[str, int]:
        prompt = len(self.prompt.ids)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": last.tokens,
            "total_tokens": prompt + last.tokens,
        }

    def _event(self, document: dict[str, Any]) -> bytes:
        return f"data: {json.dumps(document, ensure_ascii=False)}\n\n".encode()


def failure(message: str, status: int) -> dict[str, Any]:
    """An error as the vLLM containers word it."""
    kind = "BadRequestError" if status < 500 else "InternalServerError"
    return {"error": {"message": message, "type": kind, "param": None, "code": status}}
