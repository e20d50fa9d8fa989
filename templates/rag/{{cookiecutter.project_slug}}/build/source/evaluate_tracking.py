"""Puts an evaluation into the active MLflow run: figures, the verdict, prompts, traces, files."""

from __future__ import annotations

from pathlib import Path

import mlflow

from source import tracing
from source.answering import Asked
from source.application import Application
from source.evaluate_measure import HYBRID
from source.evaluation import Evaluation
from source.evaluation_record import log_verdict
from source.prompt_registry import register_prompts

# Answers that are given again with a trace: those that went worst. A trace costs some 50 ms.
TRACED = 5


def track(application: Application, found: Evaluation, output: Path) -> None:
    """Log everything; `output` is the folder with the files."""
    metrics: dict[str, float] = {}
    for way, figures in found.figures.items():
        prefix = "" if way == HYBRID else f"{way}."
        for name, figure in figures.items():
            metrics[f"{prefix}{name}"] = figure.value
            metrics[f"{prefix}{name}.low"], metrics[f"{prefix}{name}.high"] = figure.interval
    answers = found.document()["answers"]
    metrics |= {
        f"answers.{name}": float(value)
        for name, value in answers.items()
        if isinstance(value, int | float)
    }
    for name, latency in found.latency.items():
        metrics |= {f"latency.{name}.p50_ms": latency.p50, f"latency.{name}.p95_ms": latency.p95}
    mlflow.log_metrics(metrics)
    mlflow.log_params(
        {
            "generation": application.generation.kind,
            "prompt_version": application.prompts["answer"].version,
        }
    )
    for name, version in register_prompts(application.prompts.values()).items():
        mlflow.set_tag(f"prompt.{name}", str(version))
    if tracing.enabled():
        _trace(application, found)
    log_verdict(found.gate, output)


def _trace(application: Application, found: Evaluation) -> None:
    """Answer the worst questions again, so that each step can be looked at."""
    ndcg = dict(zip(found.answerable, found.scores[HYBRID]["ndcg_at_10"], strict=True))
    for question in sorted(ndcg, key=lambda one: (float(ndcg[one]), one.id))[:TRACED]:
        asked = Asked(question.question, question.labels, {}, application.top_k)
        application.answerer.answer(asked)
