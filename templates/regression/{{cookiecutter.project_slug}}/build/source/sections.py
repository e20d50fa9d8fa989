"""What a person may change about the model: the steps' sections of config/pipeline.yaml, typed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from source.settings import require, require_split, section

METRICS = ("rmse", "mae", "r2")
KINDS = ("numeric", "categorical", "boolean", "date", "ignore")


@dataclass(frozen=True)
class DataSettings:
    """Which column to predict, how to read the others, and which groups of rows to look at."""

    target: str = ""
    drop: tuple[str, ...] = ()
    # column -> numeric | categorical | boolean | date | date:<strptime format> | ignore
    kinds: Mapping[str, str] = field(default_factory=dict)
    minimum_rows: int = 100
    segment_by: tuple[str, ...] = ()
    target_unit: str | None = None

    def __post_init__(self) -> None:
        require(
            self.target not in self.drop, f"data.drop: it lists the target column {self.target!r}"
        )
        for column, kind in self.kinds.items():
            require(
                kind in KINDS or kind.startswith("date:"),
                f"data.kinds: {column!r} is {kind!r}; use one of {', '.join(KINDS)} "
                "or date:<format>, such as date:%d/%m/%Y",
            )


@dataclass(frozen=True)
class SplitSettings:
    """How rows are dealt to train, validation and test."""

    validation: float = 0.2
    test: float = 0.2
    seed: int = 17
    time_column: str | None = None
    group_column: str | None = None

    def __post_init__(self) -> None:
        require_split(self.validation, self.test)
        require(
            self.time_column is None or self.group_column is None,
            "split: time_column and group_column exclude each other, because a group that spans "
            "the date of the cut cannot be on one side of it; set one of them to null",
        )


@dataclass(frozen=True)
class LinearSettings:
    """Ridge regression: the strengths of its penalty to choose from."""

    alphas: tuple[float, ...] = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True)
class XGBoostSettings:
    """Gradient boosted trees, by xgboost's own names; `n_estimators` is the most that are grown."""

    n_estimators: int = 2000
    early_stopping_rounds: int = 50
    learning_rate: float = 0.05
    max_depth: int = 4
    min_child_weight: float = 5.0
    subsample: float = 0.8
    colsample_bytree: float = 0.8
    reg_lambda: float = 1.0


@dataclass(frozen=True)
class TrainSettings:
    """Which models compete, and how they are compared."""

    linear: LinearSettings | None = field(default_factory=LinearSettings)
    xgboost: XGBoostSettings | None = field(default_factory=XGBoostSettings)
    metric: str = "rmse"
    # Up to this many rows the candidates are cross-validated; above it the validation split, being
    # large, compares them as well and costs a fraction.
    cross_validation_rows: int = 3000
    folds: int = 5
    repeats: int = 2
    # How many standard errors better a more complex model must be.
    standard_errors: float = 1.0
    log_target: str = "auto"
    seed: int = 17
    threads: int = 2
    time_limit_minutes: float = 30.0

    def __post_init__(self) -> None:
        require(
            self.metric in METRICS, f"gate.metric: {self.metric!r}; use one of {', '.join(METRICS)}"
        )
        require(
            self.log_target in ("auto", "never"),
            f"train.log_target: {self.log_target!r}; use auto or never",
        )
        limits = {"folds": 2, "repeats": 1, "standard_errors": 0, "threads": 1}
        for name, least in limits.items():
            value = getattr(self, name)
            require(value >= least, f"train.{name}: {value}; use {least} or more")
        require(
            self.time_limit_minutes > 0,
            f"train.time_limit_minutes: {self.time_limit_minutes}; use a positive number",
        )


@dataclass(frozen=True)
class GateSettings:
    """When a model may be registered.

    Margin and tolerances are shares of the other model's error for RMSE and MAE, and
    differences in R² for R².
    """

    metric: str = "rmse"
    bound: float | None = None
    margin_over_mean: float = 0.05
    tolerance_over_linear: float = 0.02
    tolerance_over_champion: float = 0.02

    def __post_init__(self) -> None:
        require(
            self.metric in METRICS, f"gate.metric: {self.metric!r}; use one of {', '.join(METRICS)}"
        )
        for name in ("margin_over_mean", "tolerance_over_linear", "tolerance_over_champion"):
            value = getattr(self, name)
            require(0 <= value < 1, f"gate.{name}: {value} is not between 0 and 1")


def data_settings(document: Mapping[str, Any]) -> DataSettings:
    """The section `data`."""
    return section(DataSettings, "data", document.get("data"))


def split_settings(document: Mapping[str, Any]) -> SplitSettings:
    """The section `split`."""
    return section(SplitSettings, "split", document.get("split"))


def train_settings(document: Mapping[str, Any]) -> TrainSettings:
    """The section `train`, with the gate's metric: candidates are compared by what they must meet.

    A candidate that `train.candidates` leaves out does not compete; without `candidates` all do.
    """
    values = dict(document.get("train") or {})
    candidates = values.pop("candidates", None)
    metric = (document.get("gate") or {}).get("metric")
    if metric is not None:
        values["metric"] = metric
    if candidates is not None:
        unknown = sorted(set(candidates) - {"linear", "xgboost"})
        require(not unknown, f"train.candidates: unknown {unknown}; use linear and xgboost")
        kinds: Sequence[tuple[str, type[Any]]] = (
            ("linear", LinearSettings),
            ("xgboost", XGBoostSettings),
        )
        for name, kind in kinds:
            given = name in candidates
            path = f"train.candidates.{name}"
            values[name] = section(kind, path, candidates[name]) if given else None
    return section(TrainSettings, "train", values)


def gate_settings(document: Mapping[str, Any], bound: float | None = None) -> GateSettings:
    """The section `gate`; the bound is a parameter of the pipeline and comes from outside."""
    settings = section(GateSettings, "gate", document.get("gate"))
    return dataclasses.replace(settings, bound=bound) if bound is not None else settings
