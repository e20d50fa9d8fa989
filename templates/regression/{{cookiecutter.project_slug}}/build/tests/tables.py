"""Small tables for the tests, and the steps' functions applied to them in memory."""

from __future__ import annotations

import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from source.artifact import write_model
from source.reading import RawTable
from source.schema import TableSchema
from source.sections import DataSettings, SplitSettings, TrainSettings, XGBoostSettings
from source.splitting import Split, split_rows
from source.synthetic import TARGET, Recipe, make_table
from source.training import Trained
from source.validation import ValidatedTable, validate

# Few and fast: these tests are about what happens, not about how good a model gets.
QUICK = TrainSettings(
    xgboost=XGBoostSettings(n_estimators=60, learning_rate=0.2, early_stopping_rounds=10),
    folds=3,
    repeats=1,
    threads=1,
)
RENTS = DataSettings(target=TARGET, segment_by=("district",), target_unit="EUR a month")


def check(frame: pd.DataFrame, target: str = "y", **settings: Any) -> ValidatedTable:
    """Validate a frame; settings of the split are `time_column` and `group_column`."""
    keys = {"time_column", "group_column", "seed"}
    split = SplitSettings(**{key: settings.pop(key) for key in keys & set(settings)})
    settings.setdefault("minimum_rows", 20)
    data = DataSettings(target=target, **settings)
    return validate(RawTable(frame, ("table.csv",)), data, split)


def typed(
    frame: pd.DataFrame, target: str = "y", **settings: Any
) -> tuple[pd.DataFrame, TableSchema]:
    """Typed rows and schema of a frame that has no errors."""
    validated = check(frame, target, **settings)
    assert validated.report.passed, validated.report.text()
    assert validated.frame is not None and validated.schema is not None
    return validated.frame, validated.schema


def rents(rows: int = 400, seed: int = 5, drift: float = 0.0) -> pd.DataFrame:
    """The synthetic table as a CSV file would give it: every cell a text."""
    frame = make_table(Recipe(rows, seed, drift))
    return frame.astype(object).where(frame.notna(), "").map(str)


def split_rents(rows: int = 400) -> tuple[Split, TableSchema]:
    """The synthetic table, typed and split."""
    frame, schema = typed(rents(rows), TARGET)
    return split_rows(frame, schema, SplitSettings()), schema


def pack(trained: Trained, folder: Path, **metadata: Any) -> Path:
    """Write the model directory and its model.tar.gz, as SageMaker packs it; returns the latter."""
    directory = folder / "model"
    described = trained.metadata() | metadata
    write_model(directory, trained.fitted.pipeline, trained.schema, described)
    archive = folder / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted(directory.iterdir()):
            tar.add(path, path.name)
    return archive


def write_settings(path: Path, **sections: Any) -> Path:
    """A step's settings.json."""
    path.write_text(json.dumps(sections), encoding="utf-8")
    return path


def without(settings: TrainSettings, candidate: str) -> TrainSettings:
    """The settings with one candidate less."""
    return replace(settings, **{candidate: None})
