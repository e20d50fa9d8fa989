"""Train: let the candidates compete, fit the winner on all rows but the test split, save it.

Reads the channels train, validation and schema; writes the model directory to SM_MODEL_DIR and
candidates.json to SM_OUTPUT_DATA_DIR.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from mlops.tracking import step_run
from source.artifact import write_model
from source.exits import run_step
from source.model_logging import log_training
from source.parquet import read_channel
from source.schema import FILE_NAME as SCHEMA_FILE
from source.schema import TableSchema
from source.sections import train_settings
from source.settings import default_path, read_document
from source.training import Trained, train


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
    metadata = trained.metadata()
    write_model(options.model_dir, trained.fitted.pipeline, schema, metadata)
    options.output_data_dir.mkdir(parents=True, exist_ok=True)
    document = trained.selection.as_dict() | {"learning_curves": metadata["learning_curves"]}
    candidates = options.output_data_dir / "candidates.json"
    candidates.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    with step_run("Train"):
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
