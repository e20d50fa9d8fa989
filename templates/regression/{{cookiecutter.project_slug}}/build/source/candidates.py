"""The models that compete, from the simplest to the most complex; each takes raw records."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xgboost
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline

from source.features import RecordReader, TableEncoder
from source.log_target import LogScale, LogTargetRegressor, is_skewed
from source.metrics import Vector
from source.schema import TableSchema
from source.sections import LinearSettings, TrainSettings, XGBoostSettings

# Below this many rows threads cost more than they bring.
ROWS_FOR_THREADS = 2000


@dataclass(frozen=True)
class Candidate:
    """One kind of model. `complexity` orders candidates: of equals the simpler one wins."""

    name: str
    label: str
    complexity: int
    family: str
    log_target: bool = False


MEAN = Candidate("mean", "Mean", 0, "mean")
LINEAR = Candidate("linear", "Linear (ridge)", 1, "linear")
XGBOOST = Candidate("xgboost", "Gradient boosting (XGBoost)", 3, "xgboost")


@dataclass(frozen=True)
class LearningCurve:
    """RMSE by boosting round, on the rows that were fitted and on those that stop the training."""

    fitted: tuple[float, ...]
    stopping: tuple[float, ...]
    best_round: int


@dataclass(frozen=True)
class Fitted:
    """A fitted model and how it came about; `rounds` is the number of trees, if it has any."""

    pipeline: Pipeline
    rounds: int | None = None
    curve: LearningCurve | None = None
    parameters: dict[str, Any] | None = None


@dataclass(frozen=True)
class Rows:
    """Typed rows and their target, aligned."""

    frame: pd.DataFrame
    target: Vector

    def take(self, index: npt.NDArray[np.intp]) -> Rows:
        """The rows at these positions."""
        return Rows(self.frame.iloc[index], self.target[index])

    def __len__(self) -> int:
        return len(self.target)


def competitors(settings: TrainSettings, target: Vector) -> list[Candidate]:
    """The candidates of the settings, simplest first; the mean always takes part.

    When the target is positive and heavily skewed, each also competes on its logarithm.
    """
    chosen = [MEAN]
    chosen += [LINEAR] if settings.linear is not None else []
    chosen += [XGBOOST] if settings.xgboost is not None else []
    if settings.log_target == "auto" and is_skewed(target):
        chosen += [
            replace(
                candidate,
                name=f"{candidate.name}_log",
                label=f"{candidate.label}, log target",
                complexity=candidate.complexity + 1,
                log_target=True,
            )
            for candidate in chosen
            if candidate is not MEAN
        ]
    return sorted(chosen, key=lambda candidate: candidate.complexity)


def fit_candidate(
    candidate: Candidate,
    rows: Rows,
    schema: TableSchema,
    settings: TrainSettings,
    *,
    stopping: Rows | None = None,
    rounds: int | None = None,
    deadline: float | None = None,
) -> Fitted:
    """Fit a candidate on `rows`.

    Boosting needs either `stopping`, the rows whose error ends it, or the number of `rounds`.
    At `deadline` (`time.monotonic`) it stops with the trees that it has.
    """
    if candidate.family == "mean":
        return Fitted(_raw_pipeline(schema, None, DummyRegressor().fit(rows.frame, rows.target)))
    scale = LogScale.fitted(rows.target) if candidate.log_target else None
    target = rows.target if scale is None else scale.forward(rows.target)
    encoder = TableEncoder(schema, linear=candidate.family == "linear", seed=settings.seed)
    matrix = encoder.fit_transform(rows.frame, target)
    if candidate.family == "linear":
        fitted = _fit_ridge(settings.linear or LinearSettings(), matrix, target)
    else:
        pair = None
        if stopping is not None:
            stop_target = stopping.target if scale is None else scale.forward(stopping.target)
            pair = (encoder.transform(stopping.frame), stop_target)
        fitted = _fit_boosting(settings, matrix, target, pair, rounds, deadline)
    model = fitted.pipeline
    if scale is not None:
        if settings.metric != "mae":
            scale = scale.unbiased(rows.target, model.predict(matrix))
        model = LogTargetRegressor(model, scale)
    return replace(fitted, pipeline=_raw_pipeline(schema, encoder, model))


def _raw_pipeline(schema: TableSchema, encoder: TableEncoder | None, model: Any) -> Pipeline:
    steps: list[tuple[str, Any]] = [("read", RecordReader(schema))]
    if encoder is not None:
        steps.append(("encode", encoder))
    return Pipeline([*steps, ("model", model)])


def _fit_ridge(settings: LinearSettings, matrix: Vector, target: Vector) -> Fitted:
    """The penalty is chosen by leave-one-out error, which ridge regression has in closed form."""
    model = RidgeCV(alphas=np.asarray(settings.alphas)).fit(matrix, target)
    return Fitted(model, parameters={"alpha": float(model.alpha_)})


def _fit_boosting(
    settings: TrainSettings,
    matrix: Vector,
    target: Vector,
    stopping: tuple[Vector, Vector] | None,
    rounds: int | None,
    deadline: float | None,
) -> Fitted:
    chosen = settings.xgboost or XGBoostSettings()
    parameters: dict[str, Any] = {
        "n_estimators": rounds or chosen.n_estimators,
        "learning_rate": chosen.learning_rate,
        "max_depth": chosen.max_depth,
        "min_child_weight": chosen.min_child_weight,
        "subsample": chosen.subsample,
        "colsample_bytree": chosen.colsample_bytree,
        "reg_lambda": chosen.reg_lambda,
    }
    model = xgboost.XGBRegressor(
        **parameters,
        tree_method="hist",
        eval_metric="rmse",
        early_stopping_rounds=chosen.early_stopping_rounds if stopping else None,
        callbacks=[_Deadline(deadline)] if deadline is not None else None,
        random_state=settings.seed,
        n_jobs=settings.threads if len(target) >= ROWS_FOR_THREADS else 1,
    )
    if stopping is None:
        model.fit(matrix, target, verbose=False)
        curve = None
        grown = model.get_booster().num_boosted_rounds()
    else:
        model.fit(matrix, target, eval_set=[(matrix, target), stopping], verbose=False)
        history = model.evals_result()
        best = model.get_booster().attr("best_iteration")
        # There is none when the deadline ended the training within its first rounds.
        grown = len(history["validation_1"]["rmse"]) if best is None else int(best) + 1
        curve = LearningCurve(
            fitted=tuple(history["validation_0"]["rmse"]),
            stopping=tuple(history["validation_1"]["rmse"]),
            best_round=grown,
        )
    # The clock of this training has no place in the saved model.
    model.set_params(callbacks=None)
    return Fitted(model, rounds=grown, curve=curve, parameters=parameters | {"n_estimators": grown})


class _Deadline(xgboost.callback.TrainingCallback):  # type: ignore[misc]
    """Ends boosting when its time is over."""

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self._deadline = deadline

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        return time.monotonic() > self._deadline


def predict(pipeline: Pipeline, frame: pd.DataFrame) -> Vector:
    """Predictions as float64, one per row."""
    return np.asarray(pipeline.predict(frame), dtype="float64").reshape(-1)


def final_model(pipeline: Pipeline) -> tuple[Any, LogScale | None]:
    """The regressor at the end of a pipeline, and the scale of its target if it is not the raw."""
    model = pipeline.steps[-1][1]
    if isinstance(model, LogTargetRegressor):
        return model.model, model.scale
    return model, None


def boosted_trees(pipeline: Pipeline) -> xgboost.XGBRegressor | None:
    """The boosting model of a pipeline, None when it holds another kind."""
    model = final_model(pipeline)[0]
    return model if isinstance(model, xgboost.XGBRegressor) else None


def by_name(candidates: Sequence[Candidate], name: str) -> Candidate:
    """The candidate of this name."""
    return next(candidate for candidate in candidates if candidate.name == name)
