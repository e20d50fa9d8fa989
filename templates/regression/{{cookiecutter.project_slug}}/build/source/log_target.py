"""Learning the logarithm of a skewed target, and predicting the target itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from source.metrics import Vector


def is_skewed(target: Vector) -> bool:
    """Whether the logarithm may help: no negative values, and a skewness above 1."""
    if target.min() < 0 or target.std() == 0:
        return False
    return float((((target - target.mean()) / target.std()) ** 3).mean()) > 1.0


@dataclass(frozen=True)
class LogScale:
    """The way to log(1 + y) and back.

    The way back from the mean of a logarithm is a median, which is too low on average. `smearing`
    makes up for it (Duan 1983: the mean ratio of what was observed to what comes back). Values
    are kept within the range of the training target on the log scale, a quarter of it added on
    either side, because the exponential turns a small extrapolation into an absurd one.
    """

    low: float
    high: float
    smearing: float = 1.0

    @classmethod
    def fitted(cls, target: Vector) -> LogScale:
        """The scale whose range the target of the training rows gives."""
        low, high = np.log1p(target.min()), np.log1p(target.max())
        margin = 0.25 * (high - low)
        return cls(float(max(low - margin, 0.0)), float(high + margin))

    def forward(self, target: Vector) -> Vector:
        """log(1 + y)."""
        return np.log1p(target)

    def backward(self, predicted: Vector) -> Vector:
        """The target that belongs to predicted logarithms."""
        values: Vector = np.expm1(np.clip(predicted, self.low, self.high)) * self.smearing
        return values

    def unbiased(self, target: Vector, predicted: Vector) -> LogScale:
        """The same scale with the smearing factor of the training rows."""
        returned = replace(self, smearing=1.0).backward(predicted)
        total = float(returned.sum())
        return replace(self, smearing=float(target.sum()) / total if total > 0 else 1.0)


class LogTargetRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A model of the target's logarithm that predicts the target."""

    def __init__(self, model: Any, scale: LogScale) -> None:
        self.model = model
        self.scale = scale

    def fit(self, matrix: Vector, target: Vector) -> Self:
        """Fit the inner model again, on this scale."""
        self.model.fit(matrix, self.scale.forward(target))
        return self

    def predict(self, matrix: Vector) -> Vector:
        """Predictions in the target's own unit."""
        return self.scale.backward(np.asarray(self.model.predict(matrix), dtype="float64"))

    def __sklearn_is_fitted__(self) -> bool:
        return True
