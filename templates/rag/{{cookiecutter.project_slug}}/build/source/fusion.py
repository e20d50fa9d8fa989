"""Puts the rankings of several ways together by reciprocal rank fusion, with weights.

A text counts weight / (60 + rank) for every way that found it (Cormack, Clarke and Buettcher,
"Reciprocal rank fusion outperforms Condorcet and individual rank learning methods", 2009), so that
scores of different kinds need not be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, islice
from typing import TypeVar

from source.settings import require

Key = TypeVar("Key", bound=Hashable)

# The constant of the paper: how much less the first ranks count for.
SMOOTHING = 60


@dataclass(frozen=True)
class Weights:
    """How much the ranks of each way count; 0 leaves a way out."""

    bm25: float = 1.0
    dense: float = 1.0

    def __post_init__(self) -> None:
        for name in ("bm25", "dense"):
            value = getattr(self, name)
            require(value >= 0, f"retrieval.weights.{name}: {value}; use 0 or more")
        require(self.bm25 + self.dense > 0, "retrieval.weights: both are 0; give one a weight")

    def as_dict(self) -> dict[str, float]:
        """By the name of the way."""
        return {"bm25": self.bm25, "dense": self.dense}


def fuse(
    rankings: Mapping[str, Collection[Key]],
    weights: Mapping[str, float],
    k: int | None = None,
    name: Callable[[Key], str] = str,
) -> list[tuple[Key, float]]:
    """The best `k` texts that any way found, or all, with their fused scores.

    Names, which are the texts' own if these are names already, break ties.
    """
    shares = [
        dict(zip(ranking, _shares(weights[way], len(ranking)), strict=True))
        for way, ranking in rankings.items()
    ]
    scores = [
        (text, sum([found.get(text, 0.0) for found in shares])) for text in _candidates(shares, k)
    ]
    return sorted(scores, key=lambda entry: (-entry[1], name(entry[0])))[:k]


def _candidates(shares: Sequence[Mapping[Key, float]], k: int | None) -> set[Key]:
    """The texts that can be among the best `k`.

    What one way alone found is not among them if that way gives `k` others more.
    """
    found = {
        text for ranking in shares for text in islice(ranking, k if any(ranking.values()) else None)
    }
    for one, other in combinations(shares, 2):
        found |= one.keys() & other.keys()
    return found


@lru_cache(256)
def _shares(weight: float, count: int) -> tuple[float, ...]:
    """What the ranks from the first to the last of `count` add."""
    return tuple(weight / (SMOOTHING + rank) for rank in range(1, count + 1))
