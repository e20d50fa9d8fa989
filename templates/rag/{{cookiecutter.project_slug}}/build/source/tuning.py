"""Chooses, on validation questions, how much each way of searching counts and when to refuse.

BM25 alone is the start: it needs no encoder, and with a weak one it is best. Anything else is taken
only where it gains more than its standard error, because an average over few questions is soon
lucky. What is chosen here is measured on other questions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from source.answering import Answerer, Search
from source.generation_settings import DEFAULT_MIN_SCORE
from source.intervals import Vector
from source.questions import Question
from source.ranking_metrics import DEPTH, first_ranks, score

BM25, DENSE = (1.0, 0.0), (0.0, 1.0)
# Weights of BM25 and of dense retrieval; of those that are equally good the first is taken.
OTHERS = ((1.0, 1.0), (1.0, 0.5), (0.5, 1.0), (1.0, 0.25), (0.25, 1.0), DENSE)
# Beside the gate's metric: it sees the order of what is found, and so differs less by chance.
FINER = "ndcg_at_10"
# With fewer validation questions nothing is chosen by them.
FEWEST = 10
FEWEST_UNANSWERABLE = 3
# Questions made from the documents have all their words there, those that people ask do not: a
# limit that fits the first would refuse many of the second.
MOST_BY_GENERATED = 0.6


@dataclass(frozen=True)
class Chosen:
    """The weights of both ways, the score below which a question is refused, and why."""

    bm25: float
    dense: float
    min_score: float
    note: str

    def as_dict(self) -> dict[str, Any]:
        """As the package's config.json has it, under `chosen`."""
        values = asdict(self)
        weights = {"bm25": values.pop("bm25"), "dense": values.pop("dense")}
        return {"weights": weights, **values}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Chosen:
        """From the package's config.json. Raises `KeyError`."""
        weights = document["weights"]
        return cls(
            float(weights["bm25"]),
            float(weights["dense"]),
            float(document["min_score"]),
            str(document.get("note", "")),
        )


def choose_weights(
    weigh: Callable[[float, float], Search], questions: Sequence[Question], metric: str
) -> tuple[float, float, str]:
    """Weights of BM25 and dense retrieval for `questions`, and why; `weigh` gives retrieval."""
    asked = [question for question in questions if question.answerable]
    if len(asked) < FEWEST:
        return 1.0, 1.0, f"weights: {len(asked)} validation questions are too few to choose by"

    def values(weights: tuple[float, float]) -> Vector:
        retrieval = weigh(*weights)
        found = []
        for question in asked:
            ranks = first_ranks(question.evidence, _search(retrieval, question))
            found.append((score(metric, ranks) + score(FINER, ranks)) / 2)
        return np.array(found, dtype="float64")

    start = values(BM25)
    gains = {weights: values(weights) - start for weights in OTHERS}
    best = max(OTHERS, key=lambda weights: round(float(gains[weights].mean()), 9))
    gain = float(gains[best].mean())
    chance = float(gains[best].std(ddof=1)) / len(asked) ** 0.5
    bm25, dense = best if gain > chance else BM25
    what = "dense alone" if best == DENSE else f"{best[0]:g} BM25 with {best[1]:g} dense"
    note = (
        f"weights: on {len(asked)} validation questions {what} gains {gain:.3f} (standard error "
        f"{chance:.3f}) over BM25 alone; {what if gain > chance else 'BM25 alone'} is taken"
    )
    return bm25, dense, note


def choose_min_score(
    answerer: Answerer, questions: Sequence[Question], top_k: int
) -> tuple[float, str]:
    """The score that tells best which questions have an answer, and why."""
    scores: dict[bool, list[float]] = {True: [], False: []}
    for question in questions:
        passages = answerer.retrieval.search(
            question.question, top_k=top_k, labels=question.labels, filters=None
        )
        scores[question.answerable].append(answerer.score(question.question, passages))
    yes, no = np.array(scores[True]), np.array(scores[False])
    if len(no) < FEWEST_UNANSWERABLE or len(yes) < FEWEST:
        return DEFAULT_MIN_SCORE, "min_score: too few unanswerable validation questions"
    known = np.unique(np.concatenate([yes, no, [0.0, 1.0]]))
    limits = (known[1:] + known[:-1]) / 2
    right = np.array([((yes >= limit).mean() + (no < limit).mean()) / 2 for limit in limits])
    # The lowest of the best: what is doubtful is better answered, with its citations.
    chosen = float(limits[int(right.argmax())])
    if not any(question.reviewed for question in questions):
        chosen = min(chosen, MOST_BY_GENERATED)
    note = (
        f"min_score: {chosen:.2f} answers {(yes >= chosen).mean():.0%} of {len(yes)} answerable "
        f"and refuses {(no < chosen).mean():.0%} of {len(no)} unanswerable validation questions"
    )
    return chosen, note


def _search(retrieval: Search, question: Question) -> list[Any]:
    return retrieval.search(question.question, top_k=DEPTH, labels=question.labels, filters=None)
