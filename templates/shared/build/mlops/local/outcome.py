"""What a run came to: its steps, its metrics, its model, and the files that say so."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from mlops.evaluation import metrics_of
from mlops.local.store import LocalStore
from mlops.local.workspace import Workspace, write_json
from mlops.serve_artifact import is_servable

Status = Literal["Succeeded", "Failed", "Skipped", "NotStarted"]
_RECORD = "run.json"
_RUNS_KEPT = 10


@dataclass(frozen=True)
class StepOutcome:
    """How a step ended. `cached`: its answer is that of an earlier execution."""

    name: str
    type: str
    status: Status
    seconds: float = 0.0
    cached: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    `answers` are the steps' answers, for a later run to start from; by `basis` that run knows
    whether anything has changed (see `mlops.previous`).
    """

    execution_id: str
    status: Literal["Succeeded", "Failed"]
    failure_reason: str | None
    seconds: float
    parameters: Mapping[str, Any]
    steps: tuple[StepOutcome, ...]
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    basis: str | None = None

    @property
    def model_package_arn(self) -> str | None:
        """The package that the run registered."""
        for answer in self.answers.values():
            if "ModelPackageArn" in answer:
                return str(answer["ModelPackageArn"])
        return None


@dataclass(frozen=True)
class Results:
    """Files of a run, as paths of the local store, and the metrics of its evaluation."""

    metrics: Mapping[str, float]
    report: Path | None
    sample_request: Path | None
    model_data: Path | None


def results(outcome: Outcome, store: LocalStore) -> Results:
    """Collect what the steps of a run left; what no step left is None or empty."""
    evaluation = _first(outcome, store, "evaluation.json")
    return Results(
        metrics=metrics_of(json.loads(evaluation.read_text("utf-8"))) if evaluation else {},
        report=_first(outcome, store, "report.html"),
        sample_request=_first(outcome, store, "sample_request.json"),
        model_data=_model(outcome, store),
    )


def write_outcome(outcome: Outcome, store: LocalStore, workspace: Workspace) -> Results:
    """Write the run's own record and `last_run.json`; forget the oldest runs' directories."""
    found = results(outcome, store)
    summary = {
        "execution_id": outcome.execution_id,
        "status": outcome.status,
        "failure_reason": outcome.failure_reason,
        "seconds": outcome.seconds,
        "parameters": outcome.parameters,
        "steps": [asdict(step) for step in outcome.steps],
        "metrics": found.metrics,
        "model_package_arn": outcome.model_package_arn,
        "report": found.report,
        "sample_request": found.sample_request,
        "model_data": found.model_data,
    }
    record = workspace.runs / outcome.execution_id / _RECORD
    write_json(record, {**summary, "answers": outcome.answers, "basis": outcome.basis})
    write_json(workspace.last_run, summary)
    _forget_old_runs(workspace)
    return found


def earlier_answers(
    workspace: Workspace, store: LocalStore, needed: set[str]
) -> Mapping[str, Mapping[str, Any]]:
    """Answers of the newest run in which every step in `needed` ended well.

    Raises `LookupError` when there is no such run in the workspace.
    """
    for record in records(workspace):
        answers: dict[str, Mapping[str, Any]] = json.loads(record.read_text("utf-8"))["answers"]
        if needed <= answers.keys():
            return {name: answers[name] for name in needed}
    raise LookupError(", ".join(sorted(needed)))


def read_last_run(workspace: Workspace) -> dict[str, Any]:
    """`last_run.json`; raises `LookupError` when no run has ended here yet."""
    try:
        summary: dict[str, Any] = json.loads(workspace.last_run.read_text("utf-8"))
    except OSError as error:
        raise LookupError("no local run has ended here yet: `make run`") from error
    return summary


def records(workspace: Workspace) -> list[Path]:
    """Records of runs, newest first."""
    found = workspace.runs.glob(f"*/{_RECORD}")
    return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)


def _forget_old_runs(workspace: Workspace) -> None:
    """Directories of old runs go; their outputs stay in the store and the cache."""
    for record in records(workspace)[_RUNS_KEPT:]:
        shutil.rmtree(record.parent, ignore_errors=True)


def _first(outcome: Outcome, store: LocalStore, name: str) -> Path | None:
    """The file `name` at the top of an output of a processing step; the last step's wins."""
    found = None
    for directory in _output_directories(outcome, store):
        if (directory / name).is_file():
            found = directory / name
    return found


def _model(outcome: Outcome, store: LocalStore) -> Path | None:
    """What a training job made, or an output of a processing job that can be served."""
    model = None
    for answer in outcome.answers.values():
        if "ModelArtifacts" in answer:
            path = store.path(answer["ModelArtifacts"]["S3ModelArtifacts"])
            model = path if path.exists() else model
    if model is None:
        model = next(filter(is_servable, _output_directories(outcome, store)), None)
    return model


def _output_directories(outcome: Outcome, store: LocalStore) -> Iterator[Path]:
    for answer in outcome.answers.values():
        for output in (answer.get("ProcessingOutputConfig") or {}).get("Outputs") or ():
            yield store.path(output["S3Output"]["S3Uri"])
