"""How sure a figure is: a bootstrap interval over the rows that it was measured on.

Drawing rows with replacement, again and again, and computing the figure each time shows how it
would vary with other rows (Efron, 1979). What is drawn together stays together: a difference of
two models on the same rows is a paired one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
# Resampled rows that are held in memory at once.
BLOCK = 4_000_000


@dataclass(frozen=True)
class Resampling:
    """How rows are drawn. `groups` numbers rows that are drawn together, because they depend on
    each other; None draws every row by itself."""

    samples: int
    confidence: float
    groups: tuple[str, ...] | None = None
    seed: int = 0


def interval(rows: int, figure: Callable[[Vector], Vector], how: Resampling) -> tuple[float, float]:
    """The interval of a figure over `rows` rows.

    `figure` gets a matrix with a resample a row, which says how often each row was drawn, and
    gives the figure of each resample.
    """
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
        values.append(figure(drawn[:, codes].astype("float64")))
    tail = (1 - how.confidence) / 2
    low, high = np.quantile(np.concatenate(values), [tail, 1 - tail])
    return float(low), float(high)


def mean_interval(values: Vector, how: Resampling) -> tuple[float, float]:
    """The interval of a mean, or, of differences row by row, of the difference of two means."""

    def mean(weights: Vector) -> Vector:
        means: Vector = weights @ values / weights.sum(axis=1)
        return means

    return interval(len(values), mean, how)
