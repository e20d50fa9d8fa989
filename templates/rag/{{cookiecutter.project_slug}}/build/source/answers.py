"""An answer and its citations, as the application gives them to clients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from source.passages import Passage


@dataclass(frozen=True)
class Citation:
    """Where an answer takes something from.

    `passage` is the chunk's id; `start` and `end` are the offsets of `quote` in the document.
    """

    document: str
    title: str
    passage: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True)
class Usage:
    """Tokens that a language model took and gave; none for a generator that is no such model."""

    input_tokens: int = 0
    output_tokens: int = 0


NO_TOKENS = Usage()


@dataclass(frozen=True)
class Answer:
    """What is said to a question, from which passages; `seconds` has the time of each step.

    `scores` has the scores by which it was decided whether there is an answer. `intervened` says
    that a guardrail has replaced the answer.
    """

    answer: str
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    refused: bool
    scores: Mapping[str, float]
    trace_id: str
    usage: Usage = NO_TOKENS
    seconds: Mapping[str, float] = field(default_factory=dict)
    intervened: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The document of the serving contract."""
        return {
            "answer": self.answer,
            "citations": [asdict(citation) for citation in self.citations],
            "passages": [passage.as_dict() for passage in self.passages],
            "scores": dict(self.scores),
            "refused": self.refused,
            "trace_id": self.trace_id,
        }
