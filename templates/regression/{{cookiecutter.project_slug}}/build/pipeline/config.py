"""`config/pipeline.yaml`, checked: what a data scientist may set, and what each step is given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.compute import Compute, InstanceType
from pipeline.configuration import CONFIG_FILE, read_config
from pipeline.section import Section
from pipeline.sources import SourceKind, check_source, source_kind

Kind = Annotated[
    str, Field(pattern=r"^(numeric|categorical|boolean|date|date:.+|ignore)$", max_length=64)
]
Metric = Literal["rmse", "mae", "r2"]
Share = Annotated[float, Field(ge=0.0, lt=1.0)]


class Data(Section):
    """The table: where it is, what to predict and what to leave out."""

    source: str
    target: Annotated[str, Field(min_length=1)]
    query: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    target_unit: str | None = None
    drop: tuple[str, ...] = ()
    kinds: Mapping[str, Kind] = Field(default_factory=dict)
    segment_by: tuple[str, ...] = ()
    minimum_rows: Annotated[int, Field(ge=20)] = 100

    @field_validator("source")
    @classmethod
    def _known_source(cls, source: str) -> str:
        return check_source(source, (".csv", ".parquet"))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.query is not None and self.kind != "athena":
            raise ValueError(
                f"query goes with an athena:// source only, and source is {self.source!r}: "
                "set query to null"
            )
        for name in ("drop", "segment_by", "kinds"):
            if self.target in getattr(self, name):
                raise ValueError(f"{name} contains the target {self.target!r}: take it out")
        return self

    @property
    def kind(self) -> SourceKind:
        """How the table reaches the Prepare step."""
        return source_kind(self.source)


class Split(Section):
    """Shares of the rows for validation and test; the rest trains."""

    validation: Annotated[float, Field(ge=0.05, le=0.45)] = 0.2
    test: Annotated[float, Field(ge=0.05, le=0.45)] = 0.2
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 17
    time_column: str | None = None
    group_column: str | None = None

    @model_validator(mode="after")
    def _enough_rows_train(self) -> Self:
        if self.validation + self.test >= 0.9:
            raise ValueError(
                f"validation {self.validation} and test {self.test} leave too few rows to train "
                "on: together they must be below 0.9"
            )
        return self

    @model_validator(mode="after")
    def _one_way_to_split(self) -> Self:
        if self.time_column is not None and self.group_column is not None:
            raise ValueError(
                "time_column and group_column exclude each other, because a group may span the "
                "date of the cut: set one of them to null"
            )
        return self


class Linear(Section):
    """Ridge regression."""

    alphas: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (
        0.01,
        0.1,
        1.0,
        10.0,
        100.0,
        1000.0,
    )


class XGBoost(Section):
    """Gradient boosted trees."""

    n_estimators: Annotated[int, Field(ge=1)] = 2000
    early_stopping_rounds: Annotated[int, Field(ge=1)] = 50
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.05
    max_depth: Annotated[int, Field(ge=1, le=20)] = 4
    min_child_weight: Annotated[float, Field(ge=0)] = 5.0
    subsample: Annotated[float, Field(gt=0, le=1)] = 0.8
    colsample_bytree: Annotated[float, Field(gt=0, le=1)] = 0.8
    reg_lambda: Annotated[float, Field(ge=0)] = 1.0


class Candidates(Section):
    """The kinds of model that compete."""

    linear: Linear | None = None
    xgboost: XGBoost | None = None

    @model_validator(mode="after")
    def _someone_competes(self) -> Self:
        if self.linear is None and self.xgboost is None:
            raise ValueError("no candidate is left: keep linear, xgboost or both")
        return self


class Train(Section):
    """The candidates and their hyperparameters."""

    candidates: Candidates = Candidates(linear=Linear(), xgboost=XGBoost())
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 17
    cross_validation_rows: Annotated[int, Field(ge=0)] = 3000
    folds: Annotated[int, Field(ge=2, le=50)] = 5
    repeats: Annotated[int, Field(ge=1, le=50)] = 2
    standard_errors: Annotated[float, Field(ge=0)] = 1.0
    log_target: Literal["auto", "never"] = "auto"
    threads: Annotated[int, Field(ge=1)] = 2
    time_limit_minutes: Annotated[float, Field(gt=0)] = 30.0


class Gate(Section):
    """What a model must achieve on the test split to be registered."""

    metric: Metric
    bound: float | None = None
    margin_over_mean: Share = 0.05
    tolerance_over_linear: Share = 0.02
    tolerance_over_champion: Share = 0.02


class Machines(Compute):
    """Machines, limits and protection of the jobs, and where the model may be deployed."""

    inference_instance_types: Annotated[tuple[InstanceType, ...], Field(min_length=1)] = (
        "ml.m5.large",
    )


class PipelineConfig(Section):
    """The whole of `config/pipeline.yaml`."""

    data: Data
    gate: Gate
    split: Split = Split()
    train: Train = Train()
    compute: Machines = Machines()

    def for_step(self, step: Literal["Prepare", "Train", "Evaluate"]) -> dict[str, Any]:
        """The keys that the step reads, nested as in the file; becomes its `settings.json`.

        A step is not given what it does not read, so that editing that does not repeat it: not
        the data's address, which is an input, nor the gate's bound, which is an argument.
        """
        data = self.data.model_dump(mode="json", exclude={"source", "query"})
        gate = self.gate.model_dump(mode="json", exclude={"bound"})
        if step == "Prepare":
            return {"data": data, "split": self.split.model_dump(mode="json")}
        if step == "Train":
            return {
                "train": self.train.model_dump(mode="json", exclude_none=True),
                "gate": {"metric": gate["metric"]},
            }
        shown = ("target", "target_unit", "segment_by")
        return {"data": {key: data[key] for key in shown}, "gate": gate}


def load_config(path: Path = CONFIG_FILE) -> PipelineConfig:
    """Read and check `path`; raises `ConfigError` with every problem at once."""
    return read_config(path, PipelineConfig)
