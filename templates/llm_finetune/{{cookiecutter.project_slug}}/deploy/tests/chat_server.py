"""A chat server that needs no model: it answers with the words of the question, reversed.

What it does wrong is a test's choice, so that the smoke test can be seen to notice.
"""

import json
import threading
from typing import Any

from loopback_server import LoopbackHandler, LoopbackServer

LIMIT_WORDS = 1000


class ChatServer(LoopbackServer):
    """Serves /ping and /invocations on a loopback port. ``faults`` names what is wrong."""

    def __init__(self, *faults: str) -> None:
        super().__init__(_handler(self))
        self.faults = set(faults)
        self._lock = threading.Lock()
        self._requests = 0

    def answer(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and document for one request."""
        try:
            request = json.loads(body)
            words = question(request)
            most = request.get("max_tokens", 16)
            if most < 1:
                raise ValueError("max_tokens must be at least 1")
        except (ValueError, KeyError, TypeError) as error:
            return 400, {"error": {"message": f"bad request: {error}"}}
        if len(words) > LIMIT_WORDS and "long" not in self.faults:
            message = f"the prompt has {len(words)} tokens, more than {LIMIT_WORDS}"
            return 400, {"error": {"message": message}}
        with self._lock:
            self._requests += 1
            mixed = "mixed" in self.faults and self._requests % 3 == 0
        written = ["others", "answer"] if mixed else list(reversed(words[-most:]))
        usage = {"prompt_tokens": len(words), "completion_tokens": len(written)}
        usage["total_tokens"] = sum(usage.values())
        if "uncounted" in self.faults:
            usage["completion_tokens"] = 0
        text = " ".join(written)
        choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
        if "messages" in request:
            choice["message"] = {"role": "assistant", "content": text}
        else:
            choice["text"] = text
        return 200, {"choices": [choice], "usage": usage}

    def pieces(self, document: dict[str, Any]) -> list[str]:
        """The same answer as server-sent events."""
        words = document["choices"][0]["message"]["content"].split(" ")
        if "cut" in self.faults:
            words = words[:-1]
        texts = [word if not index else f" {word}" for index, word in enumerate(words)]
        events = [{"choices": [{"index": 0, "delta": {"content": text}}]} for text in texts]
        return [*(json.dumps(event) for event in events), "[DONE]"]


def question(request: dict[str, Any]) -> list[str]:
    """The words of the last message, or of the prompt; raises ValueError when there are none."""
    if "prompt" in request:
        return str(request["prompt"]).split()
    messages = request["messages"]
    if not messages:
        raise ValueError("messages is empty")
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError(f"unknown role {message['role']!r}")
    return str(messages[-1]["content"]).split()


def _handler(chat: ChatServer) -> type[LoopbackHandler]:
    class Handler(LoopbackHandler):
        def do_GET(self) -> None:
            self.send_json(200, {})

        def do_POST(self) -> None:
            body = self.body()
            status, document = chat.answer(body)
            if status == 200 and json.loads(body).get("stream"):
                self.send_events(chat.pieces(document))
            else:
                self.send_json(status, document)

    return Handler
