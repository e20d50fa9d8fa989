"""Chooses, on validation questions, how much each way of searching counts and when to refuse.

BM25 alone is the start: it needs no encoder, and with a weak one it is best. Dense alone takes its
place, and a mix of both the place of the better one, only where the gain is more than its standard
error (the rule of Breiman et al., "Classification and regression trees", 1984), because an average
over few questions is soon lucky. The best of several mixes is lucky in any case: its gain counts as
cross-validation finds it. What is chosen here is measured on other questions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from source.answering import Answerer, Search
from source.generation_settings import DEFAULT_MIN_SCORE
from source.intervals import Vector
from source.questions import Question
from source.ranking_metrics import DEPTH, first_ranks, score

# Weights of BM25 and of dense retrieval; of mixes that are equally good the first is taken.
BM25, DENSE = (1.0, 0.0), (0.0, 1.0)
MIXES = ((1.0, 1.0), (1.0, 0.5), (0.5, 1.0), (1.0, 0.25), (0.25, 1.0))
FOLDS = 5
# Beside the gate's metric: it sees the order of what is found, and so differs less by chance.
FINER = "ndcg_at_10"
Mask = npt.NDArray[np.bool_]
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


@dataclass(frozen=True)
class Gain:
    """A mean over questions and its standard error."""

    mean: float
    error: float

    @classmethod
    def of(cls, differences: Vector) -> Gain:
        """Of the differences that each question makes."""
        error = float(differences.std(ddof=1)) / len(differences) ** 0.5
        return cls(float(differences.mean()), error)

    @property
    def counts(self) -> bool:
        """Whether it is more than chance may well be."""
        return self.mean > self.error

    def __str__(self) -> str:
        return f"{self.mean:.3f} (standard error {self.error:.3f})"


def choose_weights(
    weigh: Callable[[float, float], Search], questions: Sequence[Question], metric: str
) -> tuple[float, float, str]:
    """Weights of BM25 and dense retrieval for `questions`, and why; `weigh` gives retrieval."""
    asked = [question for question in questions if question.answerable]
    if len(asked) < FEWEST:
        return 1.0, 1.0, f"weights: {len(asked)} validation questions are too few to choose by"
    values = {weights: _values(weigh(*weights), asked, metric) for weights in (BM25, DENSE, *MIXES)}
    dense_gain = Gain.of(values[DENSE] - values[BM25])
    single, name = (DENSE, "dense alone") if dense_gain.counts else (BM25, "BM25 alone")
    gain = Gain.of(_cross_validated(values) - values[single])
    best = _best(values, np.ones(len(asked), dtype=bool))
    taken = best if gain.counts else single
    mixed = f"{best[0]:g} BM25 with {best[1]:g} dense"
    note = (
        f"weights: on {len(asked)} validation questions dense alone gains {dense_gain} over BM25 "
        f"alone, and the best mix gains {gain} over {name}, cross-validated; "
        f"{mixed if gain.counts else name} is taken"
    )
    return *taken, note


def _values(retrieval: Search, questions: Sequence[Question], metric: str) -> Vector:
    """How well each question's evidence is found."""
    ranks = [first_ranks(question.evidence, _search(retrieval, question)) for question in questions]
    return np.array([(score(metric, each) + score(FINER, each)) / 2 for each in ranks])


def _best(values: Mapping[tuple[float, float], Vector], among: Mask) -> tuple[float, float]:
    """The mix that does best on some of the questions; of equals, the first."""
    return max(MIXES, key=lambda weights: round(float(values[weights][among].mean()), 9))


def _cross_validated(values: Mapping[tuple[float, float], Vector]) -> Vector:
    """Each question's value with the mix that does best on the questions of other folds."""
    count = len(values[BM25])
    fold = np.arange(count) % FOLDS
    found = np.zeros(count)
    for held in range(FOLDS):
        found[fold == held] = values[_best(values, fold != held)][fold == held]
    return found


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
