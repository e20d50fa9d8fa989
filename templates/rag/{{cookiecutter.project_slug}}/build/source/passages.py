"""A passage: what retrieval finds, answers quote, and citations point at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Passage:
    """A chunk of a document, and how well it fits a question.

    `start` and `end` are character offsets into the document's text; `score` is the one that ranks
    it, higher being better, and `scores` has it by way: bm25, dense, hybrid, reranker.
    """

    chunk: str
    document: str
    title: str
    headings: tuple[str, ...]
    start: int
    end: int
    text: str
    score: float
    scores: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As clients get it."""
        return {
            "chunk": self.chunk,
            "document": self.document,
            "title": self.title,
            "headings": list(self.headings),
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "score": self.score,
            "scores": dict(self.scores),
        }
