"""Evaluate: measure the model on the test split, judge it at the gate, and write it all down.

Writes below --output/evaluation: evaluation.json, report.html, plots/*.png, sample_request.json
(records with the predictions to expect, for smoke tests) and statistics.json (the distribution of
predictions, to compare later ones with). A model that fails the gate is not an error here: the
pipeline decides by evaluation.json.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from mlops.tracking import step_run
from source import plots, report
from source.artifact import ARCHIVE, read_metadata, unpack
from source.champion import ask_champion
from source.evaluation import Evaluation, TestSplit, evaluate
from source.evaluation_record import log_verdict, write_evaluation
from source.exits import StepFailed, run_step
from source.inference import JSON, ServedModel, input_fn, model_fn, output_fn, predict_fn
from source.metrics import LABELS
from source.numeric_statistics import numeric_statistics
from source.parquet import read_channel
from source.sections import data_settings, gate_settings
from source.settings import read_document
from source.step_arguments import add_bound, step_parser

SAMPLE_RECORDS = 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step with the paths of its container, or those given."""
    parser = step_parser(__doc__, "model", "train", "test", "champion")
    add_bound(parser)
    options = parser.parse_args(arguments)
    run_step(lambda: _run(options))


def sample_request(model: ServedModel, test: pd.DataFrame) -> dict[str, Any]:
    """A few test records as a client sends them, and the endpoint's answer to them."""
    records = model.schema.raw_records(test.head(SAMPLE_RECORDS))
    body = {"instances": records}
    answer = output_fn(predict_fn(input_fn(json.dumps(body), JSON), model), JSON)[0]
    return {"content_type": JSON, "body": body, "expected": json.loads(answer)}


def draw(evaluation: Evaluation) -> dict[str, bytes]:
    """The plots of an evaluation, as PNG by name."""
    actual, predicted = evaluation.actual, evaluation.predictions["model"]
    unit = evaluation.unit or evaluation.target
    named = f"{evaluation.target} ({evaluation.unit})" if evaluation.unit else evaluation.target
    model = evaluation.scores["model"]
    drawn = {
        "predicted_vs_actual": plots.predicted_vs_actual(actual, predicted, model, named),
        "residuals": plots.residuals(actual, predicted, named),
        "segments": plots.segment_errors(evaluation.segments, model.rmse, unit),
    }
    candidate: Mapping[str, Any] = evaluation.metadata.get("candidate") or {}
    if any(entry.contribution for entry in evaluation.importance):
        scale = "log scale" if candidate.get("log_target") else unit
        drawn["importance"] = plots.importances(evaluation.importance, scale)
    selection: Mapping[str, Any] = evaluation.metadata.get("selection") or {}
    standings = selection.get("standings") or []
    if standings:
        decided = "mae" if selection["metric"] == "mae" else "rmse"
        rows = [
            {**row, "value": row["scores"][decided], "metric": LABELS[decided]} for row in standings
        ]
        drawn["candidates"] = plots.candidates(rows, selection["winner"])
    curves = evaluation.metadata.get("learning_curves")
    if curves:
        references = {
            row["label"]: row["scores"]["rmse"]
            for row in standings
            if row["name"] in ("mean", "linear")
        }
        labels = {row["name"]: row["label"] for row in standings}
        named_curves = {labels.get(name, name): curve for name, curve in curves.items()}
        drawn["learning_curve"] = plots.learning_curves(named_curves, references)
    return drawn


def _run(options: argparse.Namespace) -> None:
    document = read_document(options.settings)
    data, gate = data_settings(document), gate_settings(document, options.bound)
    with tempfile.TemporaryDirectory() as folder:
        archive = options.model / ARCHIVE
        if not archive.is_file():
            raise StepFailed(f"{options.model}: there is no {ARCHIVE}; run Train first")
        directory = unpack(archive, Path(folder))
        model, metadata = model_fn(directory), read_metadata(directory)
    split = TestSplit(read_channel(options.train), read_channel(options.test))
    records = model.schema.raw_records(split.test[model.schema.features])
    champion = ask_champion(options.champion, records, model.schema.target)
    with threadpool_limits(1, user_api="blas"):  # as in training: small matrices, equal sums
        evaluation = evaluate(
            model.pipeline,
            model.schema,
            metadata,
            split,
            champion,
            gate,
            segment_by=data.segment_by,
            unit=data.target_unit,
        )
    output = options.output / "evaluation"
    _write(evaluation, model, split.test, output)
    print(f"{evaluation.model_label} on {len(split.test)} test rows")
    for name, value in evaluation.scores["model"].as_dict().items():
        print(f"{name}={value:.6g}")
    print(f"gate {evaluation.gate.outcome}: {evaluation.gate.message}")
    with step_run("Evaluate"):
        _track(evaluation, output)


def _write(evaluation: Evaluation, model: ServedModel, test: pd.DataFrame, output: Path) -> None:
    drawn = draw(evaluation)
    title = os.environ.get("PROJECT_NAME") or evaluation.target
    statistics = {
        "version": 0.0,
        "dataset": {"item_count": len(test)},
        "features": [
            {
                "name": "prediction",
                "inferred_type": "Fractional",
                "numerical_statistics": numeric_statistics(
                    pd.Series(evaluation.predictions["model"])
                ),
            }
        ],
    }
    documents = {
        "evaluation.json": evaluation.document(),
        "sample_request.json": sample_request(model, test),
        "statistics.json": statistics,
    }
    write_evaluation(output, report.render(evaluation, drawn, title), drawn, documents)


def _track(evaluation: Evaluation, output: Path) -> None:
    import mlflow

    metrics = dict(evaluation.scores["model"].as_dict())
    for name, scores in evaluation.scores.items():
        if name != "model":
            metrics |= {f"{name}.{metric}": v for metric, v in scores.as_dict().items()}
    mlflow.log_metrics(metrics)
    log_verdict(evaluation.gate, output)
    mlflow.log_dict(
        {"segments": [asdict(segment) for segment in evaluation.segments]}, "segments.json"
    )


if __name__ == "__main__":
    main()
