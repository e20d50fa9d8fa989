"""Train: let the candidates compete, fit the winner on all rows but the test split, save it.

Reads the channels train, validation and schema; writes the model directory to SM_MODEL_DIR and
candidates.json to SM_OUTPUT_DATA_DIR.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn
import xgboost
from threadpoolctl import threadpool_limits

from mlops.tracking import step_run
from source.artifact import write_model
from source.candidates import (
    Candidate,
    Fitted,
    LearningCurve,
    Rows,
    by_name,
    competitors,
    fit_candidate,
)
from source.exits import run_step
from source.parquet import read_channel
from source.resampling import resample
from source.schema import FILE_NAME as SCHEMA_FILE
from source.schema import TableSchema
from source.selection import Selection, select
from source.settings import TrainSettings, default_path, read_document, train_settings

# A learning curve with more points than this looks the same and takes longer to log.
CURVE_POINTS = 200


@dataclass(frozen=True)
class Trained:
    """The final model, how it was chosen, and how boosting learnt."""

    fitted: Fitted
    candidate: Candidate
    selection: Selection
    schema: TableSchema
    rows: dict[str, int]
    seconds: float

    def metadata(self) -> dict[str, Any]:
        """What metadata.json says about the model."""
        return {
            "template": os.environ.get("TEMPLATE_NAME"),
            "template_version": os.environ.get("TEMPLATE_VERSION"),
            "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "training_seconds": round(self.seconds, 1),
            "versions": {
                "python": platform.python_version(),
                "numpy": np.__version__,
                "pandas": pd.__version__,
                "scikit-learn": sklearn.__version__,
                "xgboost": xgboost.__version__,
            },
            "target": self.schema.target,
            "rows": self.rows,
            "candidate": asdict(self.candidate),
            "parameters": self.fitted.parameters or {},
            "selection": self.selection.as_dict(),
            "learning_curves": {
                name: thinned(curve) for name, curve in self.selection.curves.items()
            },
        }


def train(
    train_frame: pd.DataFrame,
    validation_frame: pd.DataFrame,
    schema: TableSchema,
    settings: TrainSettings,
) -> Trained:
    """Choose a candidate and fit it on train and validation together."""
    started = time.monotonic()
    deadline = started + 60 * settings.time_limit_minutes
    frame = pd.concat([train_frame, validation_frame], ignore_index=True)
    rows = Rows(frame, frame[schema.target].to_numpy(dtype="float64"))
    candidates = competitors(settings, rows.target)
    folds = resample(train_frame, validation_frame, schema, settings)
    # One thread for linear algebra: the matrices are small, waiting threads are not free, and
    # sums come out the same on every machine. Boosting has its own setting.
    with threadpool_limits(1, user_api="blas"):
        selection = select(candidates, rows, schema, folds, settings, deadline)
        winner = by_name(candidates, selection.winner)
        # The rounds were found with rows held out; now nothing is.
        rounds = selection.of(winner.name).rounds
        fitted = fit_candidate(winner, rows, schema, settings, rounds=rounds)
    return Trained(
        fitted=fitted,
        candidate=winner,
        selection=selection,
        schema=schema,
        rows={"train": len(train_frame), "validation": len(validation_frame)},
        seconds=time.monotonic() - started,
    )


def thinned(curve: LearningCurve) -> dict[str, Any]:
    """At most `CURVE_POINTS` of a curve, as {"round", "fitted", "stopping", "best_round"}."""
    length = len(curve.fitted)
    index = np.unique(np.linspace(0, length - 1, min(length, CURVE_POINTS)).round().astype(int))
    return {
        "round": [int(position) + 1 for position in index],
        "fitted": [round(curve.fitted[position], 6) for position in index],
        "stopping": [round(curve.stopping[position], 6) for position in index],
        "best_round": curve.best_round,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step with the paths of its container, or those given."""
    environment, data = os.environ, Path("/opt/ml/input/data")
    parser = argparse.ArgumentParser(description=__doc__)
    for channel in ("train", "validation", "schema"):
        default = environment.get(f"SM_CHANNEL_{channel.upper()}", str(data / channel))
        parser.add_argument(f"--{channel}", type=Path, default=Path(default))
    model_dir = environment.get("SM_MODEL_DIR", "/opt/ml/model")
    output_dir = environment.get("SM_OUTPUT_DATA_DIR", "/opt/ml/output/data")
    parser.add_argument("--model-dir", type=Path, default=Path(model_dir))
    parser.add_argument("--output-data-dir", type=Path, default=Path(output_dir))
    parser.add_argument("--settings", type=Path, default=default_path())
    # SageMaker also passes hyperparameters as arguments; all of ours are in the settings.
    options, _ = parser.parse_known_args(arguments)
    run_step(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    settings = train_settings(read_document(options.settings))
    schema = TableSchema.load(options.schema / SCHEMA_FILE)
    validation = read_channel(options.validation)
    trained = train(read_channel(options.train), validation, schema, settings)
    _print(trained)
    write_model(options.model_dir, trained.fitted.pipeline, schema, trained.metadata())
    options.output_data_dir.mkdir(parents=True, exist_ok=True)
    document = trained.selection.as_dict() | {
        "learning_curves": trained.metadata()["learning_curves"]
    }
    candidates = options.output_data_dir / "candidates.json"
    candidates.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    with step_run("Train"):
        from source.model_logging import log_training

        log_training(trained, options.model_dir, candidates, validation)


def _print(trained: Trained) -> None:
    selection = trained.selection
    print(selection.method)
    for standing in selection.standings:
        mark = "*" if standing.name == selection.winner else " "
        trees = f", {standing.rounds} trees" if standing.rounds else ""
        print(
            f"{mark} {standing.label:<40} RMSE {standing.scores.rmse:10.5g}  "
            f"MAE {standing.scores.mae:10.5g}  R² {standing.scores.r2:7.4f}  "
            f"({standing.seconds:.1f} s{trees})"
        )
    print(selection.reason)
    if selection.time_limited:
        print("train.time_limit_minutes was reached: not every fold could be fitted to the end")
    scores = selection.of(selection.winner).scores
    # SageMaker reads the metrics of the training job from these lines.
    for name, value in scores.as_dict().items():
        print(f"{name}={value:.6g}", flush=True)


if __name__ == "__main__":
    main()
