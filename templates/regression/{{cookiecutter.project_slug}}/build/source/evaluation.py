"""Everything that is known about a model on the test split; what the report and the gate read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from source.candidates import LINEAR, MEAN, Rows, fit_candidate, predict
from source.champion import Champion
from source.gate import judge
from source.importance import Importance, importance
from source.metrics import Scores, Vector, bootstrap, score
from source.resampling import observation_units
from source.schema import TableSchema
from source.sections import GateSettings, TrainSettings
from source.segments import Segment, segments
from source.verdict import Gate

WORST_ROWS = 10
# The report shows this many columns of the worst rows: the most important ones.
WORST_COLUMNS = 8


@dataclass(frozen=True)
class WorstRow:
    """A test row with one of the largest errors."""

    actual: float
    predicted: float
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Evaluation:
    """A model on the test split. `scores`, `spread` and `predictions` are by model: model, mean,
    linear and, when it could answer, champion."""

    target: str
    unit: str | None
    model_label: str
    metadata: Mapping[str, Any]
    features: tuple[str, ...]
    ignored: Mapping[str, str]
    rows: Mapping[str, int]
    actual: Vector
    predictions: Mapping[str, Vector]
    scores: Mapping[str, Scores]
    spread: Mapping[str, Mapping[str, float]]
    champion: Champion
    segments: tuple[Segment, ...]
    importance: tuple[Importance, ...]
    worst: tuple[WorstRow, ...]
    gate: Gate

    def document(self) -> dict[str, Any]:
        """evaluation.json: metrics in the shape that Model Registry shows, and the rest."""
        return {
            "regression_metrics": {
                metric: {"value": value, "standard_deviation": self.spread["model"][metric]}
                for metric, value in self.scores["model"].as_dict().items()
            },
            "baselines": {name: self.scores[name].as_dict() for name in ("mean", "linear")},
            "champion": self._champion(),
            "segments": [asdict(segment) for segment in self.segments],
            "importance": [asdict(entry) for entry in self.importance],
            "rows": dict(self.rows),
            "model": {
                "candidate": (self.metadata.get("candidate") or {}).get("name"),
                "target": self.target,
                "target_unit": self.unit,
                "trained_at": self.metadata.get("trained_at"),
            },
            "gate": self.gate.as_dict(),
        }

    def _champion(self) -> dict[str, Any] | None:
        if not self.champion.exists:
            return None
        compared = "champion" in self.scores
        return {
            "model_package_arn": self.champion.arn,
            "compared": compared,
            "note": self.champion.note,
            **(self.scores["champion"].as_dict() if compared else {}),
        }


@dataclass(frozen=True)
class TestSplit:
    """The rows to learn the baselines from, and those to measure on; typed, with the target."""

    __test__ = False  # not a test class

    train: pd.DataFrame
    test: pd.DataFrame


def evaluate(
    pipeline: Pipeline,
    schema: TableSchema,
    metadata: Mapping[str, Any],
    split: TestSplit,
    champion: Champion,
    settings: GateSettings,
    *,
    segment_by: Sequence[str] = (),
    unit: str | None = None,
) -> Evaluation:
    """Measure a model beside the baselines and the champion, and judge it."""
    actual = split.test[schema.target].to_numpy(dtype="float64")
    predictions = {"model": predict(pipeline, split.test), **_baselines(split, schema)}
    if champion.predictions is not None:
        predictions["champion"] = champion.predictions
    scores = {name: score(actual, values) for name, values in predictions.items()}
    resampled = bootstrap(actual, predictions, observation_units(split.test, schema))
    found = importance(pipeline, split.test[schema.features], actual)
    used = metadata.get("rows") or {}
    return Evaluation(
        target=schema.target,
        unit=unit,
        model_label=str((metadata.get("candidate") or {}).get("label", "Model")),
        metadata=metadata,
        features=tuple(schema.features),
        ignored=schema.ignored,
        rows={**used, "test": len(split.test)},
        actual=actual,
        predictions=predictions,
        scores=scores,
        spread={
            name: {metric: float(values.std(ddof=1)) for metric, values in by_metric.items()}
            for name, by_metric in resampled.items()
        },
        champion=champion,
        segments=tuple(
            segments(
                split.test, schema.target, segment_by, predictions["model"], predictions["linear"]
            )
        ),
        importance=tuple(found),
        worst=_worst(split.test, schema, actual, predictions["model"], found),
        gate=judge(settings, scores, resampled, champion.note),
    )


def _baselines(split: TestSplit, schema: TableSchema) -> dict[str, Vector]:
    rows = Rows(split.train, split.train[schema.target].to_numpy(dtype="float64"))
    settings = TrainSettings()
    return {
        candidate.name: predict(
            fit_candidate(candidate, rows, schema, settings).pipeline, split.test
        )
        for candidate in (MEAN, LINEAR)
    }


def _worst(
    test: pd.DataFrame,
    schema: TableSchema,
    actual: Vector,
    predicted: Vector,
    found: Sequence[Importance],
) -> tuple[WorstRow, ...]:
    order = np.argsort(-np.abs(predicted - actual), kind="stable")[:WORST_ROWS]
    records = schema.raw_records(test.iloc[order])
    shown = [entry.column for entry in found[:WORST_COLUMNS]]
    return tuple(
        WorstRow(float(actual[row]), float(predicted[row]), {name: record[name] for name in shown})
        for row, record in zip(order, records, strict=True)
    )
