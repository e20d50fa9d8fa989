"""How sure a difference between two models is: a bootstrap interval over the test rows, in pairs.

Both models have answered the same rows. Drawing rows with replacement, again and again, and taking
the difference each time shows how it would vary with other test rows (Efron, 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from source.generation import Losses, Vector
from source.intervals import Resampling, interval, mean_interval


@dataclass(frozen=True)
class Comparison:
    """A value of the base and of the tuned model, and the interval of tuned minus base."""

    base: float
    tuned: float
    interval: tuple[float, float]

    @property
    def difference(self) -> float:
        """Tuned minus base."""
        return self.tuned - self.base

    def as_dict(self) -> dict[str, object]:
        """As evaluation.json has it."""
        return {
            "base": self.base,
            "tuned": self.tuned,
            "difference": self.difference,
            "interval": list(self.interval),
        }


def compare_means(base: Vector, tuned: Vector, how: Resampling) -> Comparison:
    """Means of two values a row, of the same rows."""
    found = mean_interval(tuned - base, how)
    return Comparison(float(base.mean()), float(tuned.mean()), found)


def compare_perplexity(base: Losses, tuned: Losses, how: Resampling) -> Comparison:
    """Perplexities over all tokens of the same answers."""

    def difference(weights: Vector) -> Vector:
        def of(losses: Losses) -> Vector:
            values: Vector = np.exp(weights @ losses.sums / (weights @ losses.tokens))
            return values

        return of(tuned) - of(base)

    found = interval(len(base.sums), difference, how)
    return Comparison(base.perplexity, tuned.perplexity, found)


def groups_of(groups: Sequence[str | None]) -> tuple[str, ...] | None:
    """Groups of rows for `Resampling`; None when no row has one."""
    if all(group is None for group in groups):
        return None
    return tuple(group or f"row {index}" for index, group in enumerate(groups))
