"""How sure a difference between two models is: a bootstrap interval over the test rows, in pairs.

Both models have answered the same rows. Drawing rows with replacement, again and again, and taking
the difference each time shows how it would vary with other test rows (Efron, 1979).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from source.generation import Losses, Vector

# Resampled rows that are held in memory at once.
BLOCK = 4_000_000


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


@dataclass(frozen=True)
class Resampling:
    """How rows are drawn. `groups` numbers rows that are drawn together, because they depend on
    each other; None draws every row by itself."""

    samples: int
    confidence: float
    groups: tuple[str, ...] | None = None
    seed: int = 0


def compare_means(base: Vector, tuned: Vector, how: Resampling) -> Comparison:
    """Means of two values a row, of the same rows."""

    def difference(weights: Vector) -> Vector:
        values: Vector = weights @ (tuned - base) / weights.sum(axis=1)
        return values

    interval = _interval(len(base), difference, how)
    return Comparison(float(base.mean()), float(tuned.mean()), interval)


def compare_perplexity(base: Losses, tuned: Losses, how: Resampling) -> Comparison:
    """Perplexities over all tokens of the same answers."""

    def difference(weights: Vector) -> Vector:
        def of(losses: Losses) -> Vector:
            values: Vector = np.exp(weights @ losses.sums / (weights @ losses.tokens))
            return values

        return of(tuned) - of(base)

    interval = _interval(len(base.sums), difference, how)
    return Comparison(base.perplexity, tuned.perplexity, interval)


def groups_of(groups: Sequence[str | None]) -> tuple[str, ...] | None:
    """Groups of rows for `Resampling`; None when no row has one."""
    if all(group is None for group in groups):
        return None
    return tuple(group or f"row {index}" for index, group in enumerate(groups))


def _interval(
    rows: int, difference: Callable[[Vector], Vector], how: Resampling
) -> tuple[float, float]:
    random = np.random.default_rng(how.seed)
    names = how.groups if how.groups is not None else tuple(map(str, range(rows)))
    codes: npt.NDArray[np.intp] = np.unique(names, return_inverse=True)[1]
    units = int(codes.max()) + 1
    block = max(1, BLOCK // max(rows, units))
    values = []
    for start in range(0, how.samples, block):
        count = min(block, how.samples - start)
        # How often each unit is drawn, for `count` resamples at once.
        drawn = random.multinomial(units, np.full(units, 1 / units), size=count)
        values.append(difference(drawn[:, codes].astype("float64")))
    tail = (1 - how.confidence) / 2
    low, high = np.quantile(np.concatenate(values), [tail, 1 - tail])
    return float(low), float(high)
