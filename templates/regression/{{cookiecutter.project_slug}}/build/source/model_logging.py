"""Puts a training into the active MLflow run: parameters, scores, learning curve and the model."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import pandas as pd
from mlflow.entities import Metric
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema
from mlflow.types.schema import AnyType

from source.schema import Kind, TableSchema
from source.training import Trained

EXAMPLE_ROWS = 3
# Named, because letting MLflow infer them loads the model in a new process, which is slow.
LIBRARIES = ("numpy", "pandas", "scikit-learn", "xgboost")


def log_training(
    trained: Trained, model_dir: Path, candidates: Path, validation: pd.DataFrame
) -> None:
    """Log everything; `validation` gives example records, `model_dir` the code they run with."""
    metadata = trained.metadata()
    winner = trained.selection.of(trained.selection.winner)
    mlflow.log_params(
        {
            "candidate": trained.candidate.name,
            "selected_by": trained.selection.metric,
            "selection": trained.selection.method,
            "features": len(trained.schema.columns),
            **{f"rows_{name}": count for name, count in trained.rows.items()},
            **(trained.fitted.parameters or {}),
        }
    )
    metrics = {f"validation_{name}": value for name, value in winner.scores.as_dict().items()}
    for standing in trained.selection.standings:
        for name, value in standing.scores.as_dict().items():
            metrics[f"candidate.{standing.name}.{name}"] = value
    mlflow.log_metrics(metrics)
    _log_curves(metadata["learning_curves"])
    mlflow.log_artifact(str(candidates))
    _log_model(trained, model_dir, metadata["versions"], validation)


def signature(schema: TableSchema) -> ModelSignature:
    """Raw records in, one number out. Every column must be there; its value may be null."""
    types: dict[Kind, Any] = {
        Kind.NUMERIC: DataType.double,
        Kind.CATEGORICAL: DataType.string,
        # MLflow's boolean admits no null, and dates travel as texts.
        Kind.BOOLEAN: AnyType(),
        Kind.DATE: DataType.string,
    }
    inputs = Schema([ColSpec(types[column.kind], column.name) for column in schema.columns])
    return ModelSignature(inputs=inputs, outputs=Schema([ColSpec(DataType.double)]))


def _log_curves(curves: dict[str, dict[str, Any]]) -> None:
    """A metric per boosting round, in as few calls as the server takes."""
    run = mlflow.active_run()
    if run is None:
        return
    now = int(time.time() * 1000)
    metrics = [
        Metric(f"{part}_rmse.{name}", value, now, step)
        for name, curve in curves.items()
        for part in ("fitted", "stopping")
        for step, value in zip(curve["round"], curve[part], strict=True)
    ]
    client = mlflow.MlflowClient()
    for start in range(0, len(metrics), 1000):
        client.log_batch(run.info.run_id, metrics=metrics[start : start + 1000])


def _log_model(
    trained: Trained, model_dir: Path, versions: dict[str, str], validation: pd.DataFrame
) -> None:
    schema = trained.schema
    example = pd.DataFrame(schema.raw_records(validation[schema.features].head(EXAMPLE_ROWS)))
    # It warns that pickles run code when they are loaded; so does the registered model.tar.gz,
    # and both are loaded only by whoever may read this project's storage.
    logging.getLogger("mlflow.sklearn").setLevel(logging.ERROR)
    mlflow.sklearn.log_model(
        trained.fitted.pipeline,
        name="model",
        signature=signature(schema),
        input_example=example,
        code_paths=[str(model_dir / "code" / "source")],
        pip_requirements=[f"{library}=={versions[library]}" for library in LIBRARIES],
        serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_CLOUDPICKLE,
    )
