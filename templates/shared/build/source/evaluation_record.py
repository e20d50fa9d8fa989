"""Keeps an evaluation: the files that it consists of, and its verdict in the MLflow run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from source.verdict import Gate


def write_evaluation(
    output: Path, page: str, plots: Mapping[str, bytes], documents: Mapping[str, Any]
) -> None:
    """Write report.html, plots/<name>.png and each document, by its file's name, as JSON.

    Raises `ValueError` for a figure that JSON has no word for: infinite, or not a number.
    """
    (output / "plots").mkdir(parents=True, exist_ok=True)
    for name, content in plots.items():
        (output / "plots" / f"{name}.png").write_bytes(content)
    (output / "report.html").write_text(page, encoding="utf-8")
    for name, document in documents.items():
        text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
        (output / name).write_text(text + "\n", encoding="utf-8")


def log_verdict(gate: Gate, output: Path) -> None:
    """Put the verdict, by how much each check is missed, and the files into the active run."""
    import mlflow

    mlflow.log_metrics({f"gate.{name}.excess": check.excess for name, check in gate.checks.items()})
    mlflow.log_params({"gate": gate.outcome})
    mlflow.set_tag("gate_message", gate.message)
    mlflow.log_artifacts(str(output), "evaluation")
