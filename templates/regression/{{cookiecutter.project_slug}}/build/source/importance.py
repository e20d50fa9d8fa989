"""How much each column of the table matters to the model, by two measures that differ in meaning.

Contributions say what the model uses: how far, on average, a column moves a prediction. They are
exact Shapley values: TreeSHAP, as XGBoost computes it, for boosting; weight times deviation from
the mean for linear models. Permutation says what the model needs: how much the error grows when a
column is shuffled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xgboost
from sklearn.pipeline import Pipeline

from source.candidates import final_model, predict
from source.metrics import Vector, score

MAX_ROWS = 2000
MAX_PERMUTED = 25
REPEATS = 3


@dataclass(frozen=True)
class Importance:
    """Of one column: mean |contribution|, in the target's unit or its logarithm, and the growth
    of the RMSE when the column is shuffled (None when the column was not tried)."""

    column: str
    contribution: float
    permutation: float | None


def importance(
    pipeline: Pipeline, frame: pd.DataFrame, target: Vector, seed: int = 0
) -> list[Importance]:
    """Importance of every feature on typed rows, the largest contribution first."""
    if len(frame) > MAX_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(len(frame), MAX_ROWS, replace=False))
        frame, target = frame.iloc[rows], target[rows]
    contributions = contribution_per_column(pipeline, frame)
    ranked = sorted(contributions, key=lambda name: (-contributions[name], name))
    permuted = _permutation(pipeline, frame, target, ranked[:MAX_PERMUTED], seed)
    return [Importance(name, contributions[name], permuted.get(name)) for name in ranked]


def contribution_per_column(pipeline: Pipeline, frame: pd.DataFrame) -> dict[str, float]:
    """Mean absolute Shapley value of each column of the table over the rows of `frame`.

    A column may have become several features: their values are added row by row first, so that
    opposite ones cancel as they do in the prediction.
    """
    names: list[str] = list(pipeline.named_steps["read"].schema.features)
    totals = dict.fromkeys(names, 0.0)
    if "encode" not in pipeline.named_steps:
        return totals  # the mean uses no column
    encoder = pipeline.named_steps["encode"]
    matrix = encoder.transform(pipeline.named_steps["read"].transform(frame))
    values = _shapley(final_model(pipeline)[0], matrix)
    sources = np.asarray(encoder.sources_)
    for name in names:
        totals[name] = float(np.abs(values[:, sources == name].sum(axis=1)).mean())
    return totals


def _shapley(model: Any, matrix: Vector) -> Vector:
    if isinstance(model, xgboost.XGBRegressor):
        contributions = model.get_booster().predict(xgboost.DMatrix(matrix), pred_contribs=True)
        return np.asarray(contributions[:, :-1], dtype="float64")  # the last one is the mean
    values: Vector = (matrix - matrix.mean(axis=0)) * model.coef_
    return values


def _permutation(
    pipeline: Pipeline, frame: pd.DataFrame, target: Vector, names: list[str], seed: int
) -> dict[str, float]:
    random = np.random.default_rng(seed)
    usual = score(target, predict(pipeline, frame)).rmse
    grown = {}
    for name in names:
        errors = []
        for _ in range(REPEATS):
            shuffled = frame.copy(deep=False)
            shuffled[name] = frame[name].take(random.permutation(len(frame))).to_numpy()
            if frame[name].dtype != shuffled[name].dtype:
                shuffled[name] = shuffled[name].astype(frame[name].dtype)
            errors.append(score(target, predict(pipeline, shuffled)).rmse)
        grown[name] = float(np.mean(errors)) - usual
    return grown
