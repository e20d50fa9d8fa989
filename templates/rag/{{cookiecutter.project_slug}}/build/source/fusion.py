"""Puts the rankings of several ways together by reciprocal rank fusion, with weights.

A text counts weight / (60 + rank) for every way that found it (Cormack, Clarke and Buettcher,
"Reciprocal rank fusion outperforms Condorcet and individual rank learning methods", 2009), so that
scores of different kinds need not be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    rankings: Mapping[str, Sequence[str]], weights: Mapping[str, float]
) -> list[tuple[str, float]]:
    """Every id that any way found with its fused score, best first; ids break ties."""
    scores: dict[str, float] = {}
    for way, ranking in rankings.items():
        for rank, identifier in enumerate(ranking, start=1):
            share = weights[way] / (SMOOTHING + rank)
            scores[identifier] = scores.get(identifier, 0.0) + share
    return sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))
