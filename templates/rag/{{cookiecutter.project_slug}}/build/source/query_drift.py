"""Whether questions are unlike those of a reference: a classifier two-sample test on their vectors.

A kernel classifier learns from half of the questions which are of which side, and sorts the other
half. How well it does, the area under its ROC curve, is 0.5 where nothing has changed, and 1 where
each question gives itself away. Shuffling the sides, again and again, shows what chance reaches
(Lopez-Paz and Oquab, 2017; the classifier is the witness of Gretton et al., 2012).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from source.encoders import Vectors

Floats = npt.NDArray[np.float64]
# Of more questions a side, so many are drawn: the test costs the square of their number, and
# vectors may cost money.
MOST = 1000
# Halves that are dealt, each of which learns for the other.
SPLITS = 5


@dataclass(frozen=True)
class Drift:
    """`auc` is how well the sides can be told apart: 0.5 is not at all.

    `p_value` is the share of shuffles that do as well, `chance` what 95% of them stay below.
    `unlike` has a number a question of the window: the higher, the less it is like the reference.
    `reference` has those of the other side.
    """

    auc: float
    p_value: float
    chance: float
    unlike: Floats
    reference: Floats


def draw(questions: Sequence[str]) -> list[str]:
    """At most `MOST` of the questions, in their order; the same of the same ones."""
    if len(questions) <= MOST:
        return list(questions)
    random = np.random.default_rng(zlib.crc32("\n".join(questions).encode()))
    rows = np.sort(random.choice(len(questions), MOST, replace=False))
    return [questions[row] for row in rows]


def drift(window: Vectors, reference: Vectors, *, permutations: int = 999) -> Drift:
    """Compare vectors of shapes (n, dimension) and (m, dimension); the same each time.

    Needs a few dozen questions on each side.
    """
    # Seeded by the questions, and not by a number: every window would be dealt the same halves, and
    # what is unlucky about them would stay so.
    random = np.random.default_rng([zlib.crc32(side.tobytes()) for side in (window, reference)])
    pooled = np.concatenate([window, reference]).astype("float64")
    alike = _kernel(pooled)
    sides = np.zeros((len(pooled), permutations + 1))
    sides[: len(window), 0] = 1
    for column in range(1, permutations + 1):
        sides[random.permutation(len(pooled))[: len(window)], column] = 1
    areas, scores = [], np.zeros(len(pooled))
    for _ in range(SPLITS):
        order = random.permutation(len(pooled))
        halves = order[: len(pooled) // 2], order[len(pooled) // 2 :]
        for learned, sorted_ in (halves, halves[::-1]):
            found = _witness(alike[np.ix_(sorted_, learned)], sides[learned])
            areas.append(_areas(found, sides[sorted_]))
            scores[sorted_] += found[:, 0]
    every = np.mean(areas, axis=0)
    shuffled = every[1:]
    return Drift(
        auc=float(every[0]),
        p_value=float((1 + (shuffled >= every[0]).sum()) / (1 + permutations)),
        chance=float(np.quantile(shuffled, 0.95)),
        unlike=scores[: len(window)] / SPLITS,
        reference=scores[len(window) :] / SPLITS,
    )


def _kernel(vectors: Floats) -> Floats:
    """A Gaussian kernel as wide as half of the questions are apart."""
    squares = (vectors**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None, :] - 2 * vectors @ vectors.T, 0)
    width = float(np.median(distances[np.triu_indices(len(vectors), 1)])) or 1.0
    kernel: Floats = np.exp(-distances / (2 * width))
    return kernel


def _witness(alike: Floats, sides: Floats) -> Floats:
    """How much nearer to the window than to the reference; a row a question, a column a shuffle."""
    inside = sides.sum(axis=0)
    near = alike @ sides
    nearer: Floats = near / inside - (alike.sum(axis=1)[:, None] - near) / (len(sides) - inside)
    return nearer


def _areas(scores: Floats, sides: Floats) -> Floats:
    """Areas under ROC curves, a column each; what ties counts half."""
    inside = sides.sum(axis=0)
    ranks = (rankdata(scores, axis=0) * sides).sum(axis=0)
    areas: Floats = (ranks - inside * (inside + 1) / 2) / (inside * (len(sides) - inside))
    return areas
