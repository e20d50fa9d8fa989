"""Answers questions from three documents by counting common words: all that a smoke test asks for.

What it does wrong is a test's choice, so that the smoke test can be seen to notice.
"""

import json
import re
import threading
import time
import uuid
from typing import Any

from loopback_server import LoopbackHandler, LoopbackServer

LONGEST, MOST = 4000, 50
INSTRUCTIONS = "You answer questions from passages of three documents."
REFUSAL = "The documents do not answer this question."
# Document: its text, and the label that its readers need.
DOCUMENTS = {
    "hr/leave.md": ("Parental leave lasts 14 weeks. It is paid in full.", None),
    "hr/travel.md": ("Hotel rooms are refunded up to 180 euros. Keep the receipt.", None),
    "board/pay.md": ("The salary of the directors was raised in spring.", "board"),
}


class Refused(Exception):
    """A request that cannot be answered; the text says why."""


class AnswerServer(LoopbackServer):
    """Serves /ping and /invocations on a loopback port. ``faults`` names what is wrong."""

    def __init__(self, *faults: str) -> None:
        super().__init__(_handler(self))
        self.faults = set(faults)
        self._lock = threading.Lock()
        self._busy = 0

    def reply(self, body: bytes) -> tuple[int, Any]:
        """Status and document; a stream's document is the list of its events."""
        try:
            request = json.loads(body)
            if not isinstance(request, dict):
                raise Refused("the body must be a JSON object")
            if "feedback" in request:
                return self._feedback(request["feedback"])
            self._check(request)
            if self._breaks_on(request["question"]):
                return 500, {"error": "internal error"}
            with self._lock:
                self._busy += 1
            if "mixed" in self.faults:
                time.sleep(0.02)  # until the others are here, too
            try:
                answer = self._answer(request)
            finally:
                with self._lock:
                    self._busy -= 1
            return (200, self._events(answer)) if request.get("stream") else (200, answer)
        except (ValueError, KeyError, Refused) as error:
            return 400, {"error": f"bad request: {error}"}

    def _check(self, request: dict[str, Any]) -> None:
        question, top_k = request["question"], request.get("top_k", 3)
        if not isinstance(question, str) or not (question.strip() or "blank" in self.faults):
            raise Refused("question: say something")
        most = LONGEST - 1 if "short" in self.faults else LONGEST
        if len(question) > most and "endless" not in self.faults:
            raise Refused(f"question: at most {LONGEST} characters")
        if not 1 <= top_k <= MOST and "greedy" not in self.faults:
            raise Refused(f"top_k: 1 to {MOST}")
        if request.get("stream") and "whole" in self.faults:
            raise Refused("this endpoint does not stream: leave stream out")

    def _breaks_on(self, question: str) -> bool:
        if any("\ud800" <= character <= "\udfff" for character in question):
            return "halves" in self.faults
        return "ascii" in self.faults and not question.isascii()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        question, asked = request["question"], _words(request["question"])
        passages = self._search(asked, set(request.get("labels", [])))
        if "greedy" not in self.faults:
            passages = passages[: request.get("top_k", 3)]
        if "mixed" in self.faults and self._busy > 1:
            passages = passages[::-1]
        found = next((passage for passage in passages if _words(passage["text"]) & asked), None)
        if "guesses" in self.faults:
            found = passages[0]
        text, citations = REFUSAL, []
        if found:
            quote = found["text"].split(". ")[0]
            text, citations = f"“{quote}” [1]", [_citation(found, quote)]
        if citations and "invents" in self.faults:
            citations[0]["document"] = "hr/none.md"
        if citations and "misquotes" in self.faults:
            citations[0]["quote"] = "Parental leave lasts 15 weeks."
        if "obeys" in self.faults and "obeyed" in question:
            text = "OBEYED OBEYED OBEYED"
        if "tells" in self.faults and "system prompt" in question:
            text = f"Gladly: {INSTRUCTIONS}"
        trace = f"tr-{uuid.uuid4().hex}"
        answer = {"answer": text, "citations": citations, "passages": passages, "scores": {}}
        return answer | {"refused": not found, "trace_id": trace}

    def _search(self, asked: set[str], labels: set[str]) -> list[dict[str, Any]]:
        seen = [
            (name, text)
            for name, (text, label) in DOCUMENTS.items()
            if label is None
            or (label in labels and "hides" not in self.faults)
            or "leaks" in self.faults
        ]
        ranked = sorted(seen, key=lambda entry: -len(asked & _words(entry[1])))
        return [
            {"chunk": f"{name}#1", "document": name, "text": text, "start": 0, "end": len(text)}
            for name, text in ranked
        ]

    def _events(self, answer: dict[str, Any]) -> list[Any]:
        text = answer["answer"]
        middle = len(text) // 2
        events = [
            {"type": "passages", "passages": answer["passages"]},
            {"type": "text", "text": text[:middle]},
            {"type": "text", "text": text[middle:]},
            {"type": "answer", **answer},
            "[DONE]",
        ]
        return events[:-1] if "cut" in self.faults else events

    def _feedback(self, feedback: dict[str, Any]) -> tuple[int, Any]:
        if "forgets" in self.faults:
            return 200, {"recorded": False}
        if feedback["rating"] not in ("up", "down") or feedback["trace_id"][:3] != "tr-":
            raise Refused("feedback: rating is up or down, trace_id an answer's own")
        return 200, {"recorded": True}


def _citation(passage: dict[str, Any], quote: str) -> dict[str, Any]:
    place = {"passage": passage["chunk"], "start": 0, "end": len(quote)}
    return {"document": passage["document"], "quote": quote, **place}


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.lower()) if len(word) > 3}


def _handler(server: AnswerServer) -> type[LoopbackHandler]:
    class Handler(LoopbackHandler):
        def do_GET(self) -> None:
            self.send(200, b"")

        def do_POST(self) -> None:
            status, document = server.reply(self.body())
            if isinstance(document, list):
                self.send_events(e if isinstance(e, str) else json.dumps(e) for e in document)
            else:
                self.send_json(status, document)

    return Handler
