"""One line in the log for each answer, failed generation and rating, to make metrics from.

A line is a JSON object and nothing else, which is what metric filters of CloudWatch Logs can read.
It has numbers only: what was asked, answered and commented is nobody's business in a log.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any, Literal

from source.answers import Answer
from source.generators import GenerationFailed

_lock = threading.Lock()


def log_answer(answer: Answer, *, streamed: bool) -> None:
    """How long an answer took, how many passages it had, and whether it is a refusal."""
    _write(
        {
            "event": "answer",
            "retrieval_ms": _milliseconds(answer.seconds["retrieval"]),
            "generation_ms": _milliseconds(answer.seconds["generation"]),
            "passages": len(answer.passages),
            "empty": int(not answer.passages),
            "refused": int(answer.refused),
            "streamed": int(streamed),
        }
    )


def log_failure(error: GenerationFailed) -> None:
    """That the language model gave no answer; `throttled` when it had too much to do."""
    _write({"event": "generation_failed", "throttled": int(error.busy)})


def log_rating(rating: Literal["up", "down"]) -> None:
    """That a person has rated an answer."""
    _write({"event": "feedback", "up": int(rating == "up"), "down": int(rating == "down")})


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _write(line: dict[str, Any]) -> None:
    """Whole lines, whoever else writes: half of one would be no JSON, and would not be counted."""
    text = json.dumps(line, separators=(",", ":")) + "\n"
    with _lock:
        sys.stdout.write(text)
        sys.stdout.flush()
