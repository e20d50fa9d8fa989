"""Puts an evaluation into the active MLflow run: both models' figures, the verdict, all files."""

from __future__ import annotations

from pathlib import Path

import mlflow

from source.evaluation import Evaluation
from source.evaluation_record import log_verdict


def track(found: Evaluation, output: Path) -> None:
    """Log everything; `output` is the folder with the files."""
    metrics: dict[str, float] = {}
    for name, compared in {**found.comparisons, "perplexity": found.perplexity}.items():
        # A colon or slash in the name of one's own metric would be refused.
        plain = name.rpartition(":")[2]
        metrics[plain] = compared.tuned
        metrics[f"base.{plain}"] = compared.base
        metrics[f"difference.{plain}"] = compared.difference
        metrics[f"difference.{plain}.low"], metrics[f"difference.{plain}.high"] = compared.interval
    if found.general is not None:
        metrics |= {"general": found.general.tuned, "base.general": found.general.base}
    safety = found.document()["safety"]
    if safety is not None:
        metrics |= {"unsafe_share": safety["tuned"], "base.unsafe_share": safety["base"]}
    for model, values in (("base", found.base.suite), ("tuned", found.tuned.suite)):
        metrics |= {f"suite.{model}.{task}": value for task, value in values.items()}
    mlflow.log_metrics(metrics)
    log_verdict(found.gate, output)
