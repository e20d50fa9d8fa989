"""How far predictions are off: RMSE, MAE and R², and their spread over resampled rows.

RMSE and MAE have the target's unit; R² is the share of the variance that the model explains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

HIGHER_IS_BETTER = {"rmse": False, "mae": False, "r2": True}
LABELS = {"rmse": "RMSE", "mae": "MAE", "r2": "R²"}
RESAMPLES = 1000
# More draws than this cost seconds and change the third digit of a spread.
MAX_DRAWS = 20_000_000


@dataclass(frozen=True)
class Scores:
    """The three metrics of one model on one set of rows."""

    rmse: float
    mae: float
    r2: float

    def __getitem__(self, metric: str) -> float:
        return self.as_dict()[metric]

    def as_dict(self) -> dict[str, float]:
        """Metric name to value."""
        return asdict(self)


def score(actual: Vector, predicted: Vector) -> Scores:
    """Scores of `predicted` against `actual`, two vectors of equal length."""
    errors = predicted - actual
    spread = float(((actual - actual.mean()) ** 2).sum())
    squares = float((errors**2).sum())
    return Scores(
        rmse=float(np.sqrt(squares / len(actual))),
        mae=float(np.abs(errors).mean()),
        # Of a constant target nothing can be explained.
        r2=1 - squares / spread if spread > 0 else 0.0,
    )


def bootstrap(
    actual: Vector,
    predictions: Mapping[str, Vector],
    units: npt.NDArray[np.intp] | None = None,
    seed: int = 0,
) -> dict[str, dict[str, Vector]]:
    """Scores on resampled rows: model -> metric -> one value per resample.

    Every model is scored on the same resamples, so that differences between models can be
    compared in pairs. `units` numbers the groups whose rows are drawn together.
    """
    codes = np.arange(len(actual)) if units is None else np.unique(units, return_inverse=True)[1]
    count = int(max(100, min(RESAMPLES, MAX_DRAWS // max(len(actual), 1))))
    random = np.random.default_rng(seed)
    errors = {name: predicted - actual for name, predicted in predictions.items()}
    terms = {name: np.stack([e**2, np.abs(e)]) for name, e in errors.items()}
    results = {name: np.empty((3, count)) for name in predictions}
    groups = int(codes.max()) + 1
    for index in range(count):
        drawn = np.bincount(random.integers(0, groups, groups), minlength=groups)
        weights = drawn[codes].astype("float64")
        rows = weights.sum()
        spread = weights @ (actual - weights @ actual / rows) ** 2
        for name, parts in terms.items():
            squared, absolute = parts @ weights
            r2 = 1 - squared / spread if spread > 0 else 0.0
            results[name][:, index] = np.sqrt(squared / rows), absolute / rows, r2
    return {
        name: dict(zip(("rmse", "mae", "r2"), values, strict=True))
        for name, values in results.items()
    }


def row_loss(metric: str) -> Callable[[Vector, Vector], Vector]:
    """The loss of one row whose mean orders models as `metric` does (R² as RMSE)."""
    if metric == "mae":
        return lambda actual, predicted: np.abs(predicted - actual)
    return lambda actual, predicted: (predicted - actual) ** 2
