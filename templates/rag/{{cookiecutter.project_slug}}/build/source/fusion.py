"""Puts the rankings of several ways together by reciprocal rank fusion, with weights.

A text counts weight / (60 + rank) for every way that found it (Cormack, Clarke and Buettcher,
"Reciprocal rank fusion outperforms Condorcet and individual rank learning methods", 2009), so that
scores of different kinds need not be compared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from source.settings import require

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
    rankings: Mapping[str, Collection[str]], weights: Mapping[str, float], k: int | None = None
) -> list[tuple[str, float]]:
    """The best `k` ids that any way found, or all, with their fused scores; ids break ties."""
    scores: dict[str, float] = {}
    for way, ranking in rankings.items():
        for identifier, share in zip(ranking, _shares(weights[way], len(ranking)), strict=True):
            scores[identifier] = scores.get(identifier, 0.0) + share
    found = list(scores.items())
    if k is not None and k < len(found):
        # As many as tie with the last one: only they are put in order.
        least = sorted(scores.values())[-k]
        found = [entry for entry in found if entry[1] >= least]
    return sorted(found, key=lambda entry: (-entry[1], entry[0]))[:k]


@lru_cache(256)
def _shares(weight: float, count: int) -> tuple[float, ...]:
    """What the ranks from the first to the last of `count` add."""
    return tuple(weight / (SMOOTHING + rank) for rank in range(1, count + 1))
