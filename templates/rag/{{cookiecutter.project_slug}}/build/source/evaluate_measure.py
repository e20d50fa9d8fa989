"""Everything that is asked of one index: rankings by each way, answers, and what they took."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from source.answer_checks import Checked, check
from source.answering import Answerer, Asked
from source.answers import Answer
from source.chunks import Chunk
from source.errors import UserError
from source.intervals import Vector
from source.passages import Passage
from source.question_rules import Indexed
from source.questions import Question
from source.ranking_metrics import DEPTH, METRICS, first_ranks, score
from source.retrieval import Way

HYBRID: Way = "hybrid"
WAYS: tuple[Way, ...] = (HYBRID, "bm25", "dense")
# Chunks that must find themselves, and the share that must, when vectors belong to their chunks.
SELF_SEARCHED = 40
LEAST_FOUND = 0.8


class IndexMixedUp(UserError):
    """Vectors do not belong to their chunks."""


class SearchByWay(Protocol):
    """What an evaluation needs of retrieval: each way by itself."""

    def search_by(
        self,
        way: Way,
        question: str,
        *,
        top_k: int,
        labels: Sequence[str] = (),
        filters: Mapping[str, Any] | None = None,
    ) -> list[Passage]:
        """The best passages by one way."""
        ...


@dataclass(frozen=True)
class Ranked:
    """The passages that each way finds for each question, best first."""

    passages: Mapping[str, tuple[tuple[Passage, ...], ...]]

    def scores(self, way: str, metric: str, questions: Sequence[Question]) -> Vector:
        """A value a question."""
        return np.array(
            [
                score(metric, first_ranks(question.evidence, found))
                for question, found in zip(questions, self.passages[way], strict=True)
            ],
            dtype="float64",
        )

    def all_scores(self, way: str, questions: Sequence[Question]) -> dict[str, Vector]:
        """All metrics of a way."""
        return {metric: self.scores(way, metric, questions) for metric in METRICS}


@dataclass(frozen=True)
class Answered:
    """The answer to a question and what the checks say of it."""

    question: Question
    answer: Answer
    checked: Checked


def rank(
    retrieval: SearchByWay, questions: Sequence[Question], ways: Sequence[Way] = WAYS
) -> Ranked:
    """Ask for `DEPTH` passages by every way."""
    return Ranked(
        {
            way: tuple(
                tuple(
                    retrieval.search_by(way, question.question, top_k=DEPTH, labels=question.labels)
                )
                for question in questions
            )
            for way in ways
        }
    )


def answer_all(
    answerer: Answerer,
    questions: Sequence[Question],
    chunks: Sequence[Indexed],
    top_k: int,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Answered]:
    """Answer one after the other, as a single caller would see it; the first is asked twice, so
    that what is done only once is in no one's time."""
    by_id = {chunk.id: chunk for chunk in chunks}
    found = []
    for index, question in enumerate((*questions[:1], *questions)):
        answer = answerer.answer(Asked(question.question, question.labels, {}, top_k))
        if index:
            found.append(Answered(question, answer, check(question, answer, by_id, answerer.terms)))
            progress(index)
    return found


def check_vectors(retrieval: SearchByWay, chunks: Sequence[Chunk]) -> float:
    """The share of some chunks that dense search finds by their own text.

    Raises `IndexMixedUp` when they do not: vectors that were shuffled are as valid as any others,
    and only this shows.
    """
    step = max(1, len(chunks) // SELF_SEARCHED)
    asked = list(chunks)[::step][:SELF_SEARCHED]
    depth = min(DEPTH, max(1, len(chunks) // 5))
    found = [
        any(
            passage.text == chunk.text
            for passage in retrieval.search_by(
                "dense", chunk.searched, top_k=depth, labels=chunk.labels
            )
        )
        for chunk in asked
    ]
    share = sum(found) / len(found)
    if share < LEAST_FOUND:
        raise IndexMixedUp(
            f"vectors do not belong to their passages: dense search finds {share:.0%} of "
            f"{len(asked)} passages by their own text, {LEAST_FOUND:.0%} are needed; the vectors "
            "are in another order or come from another encoder. Build the index again"
        )
    return share
