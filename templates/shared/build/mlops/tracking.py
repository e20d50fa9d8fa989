"""MLflow runs of a pipeline: one parent per execution, one child per step.

Travels into the steps' bundles, so it imports the standard library and MLflow only. What is
logged inside `step_run` goes to the step's run, by plain MLflow calls:

    with step_run("Train"):
        mlflow.log_metric("rmse", rmse)

The environment says where: MLFLOW_TRACKING_URI (a tracking server's ARN in the cloud, a sqlite
file on a laptop), MLFLOW_EXPERIMENT_NAME, MLFLOW_ARTIFACT_LOCATION. Without a tracking URI the
runs go to a temporary folder that is deleted.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import mlflow
from mlflow.entities import Metric, Run, RunStatus, RunTag
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME

EXECUTION_TAG = "pipeline_execution_id"
ROLE_TAG = "pipeline_role"
DEFAULT_EXPERIMENT = "pipeline"
# Jobs that SageMaker starts for a pipeline are named `pipelines-<execution id>-<step>-<random>`.
JOB_NAME = re.compile(r"pipelines-(?P<execution>[a-z0-9]+)-")
# Facts that are compiled into the steps' environment, and the tags that show them.
ENVIRONMENT_TAGS = {
    "PROJECT_NAME": "project",
    "TEMPLATE_NAME": "template",
    "TEMPLATE_VERSION": "template_version",
    "DATA_VERSION": "data_version",
    "GIT_SHA": "git_sha",
}


@contextmanager
def step_run(step: str) -> Iterator[Run]:
    """The MLflow run of one step, active inside the block.

    It is a child of the execution's run, which is created when this is the first step. An
    exception marks both as failed and goes on. Outside of a pipeline the run has no parent.
    """
    with _tracking_store():
        client = MlflowClient()
        experiment = _experiment(client)
        execution = execution_id()
        tags = _environment_tags() | {"step": step, ROLE_TAG: "step"}
        parent = None
        if execution is not None:
            parent = _parent_run(client, experiment, execution)
            tags[EXECUTION_TAG] = execution
            client.update_run(parent, status=RunStatus.to_string(RunStatus.RUNNING))
        succeeded = False
        try:
            with mlflow.start_run(
                experiment_id=experiment, run_name=step, parent_run_id=parent, tags=tags
            ) as run:
                yield run
            succeeded = True
        finally:
            if parent is not None:
                _show_on_parent(client, parent, run.info.run_id, step)
                client.set_terminated(parent, status="FINISHED" if succeeded else "FAILED")


def tag_execution(execution: str, tags: Mapping[str, str]) -> bool:
    """Add tags to the run of an execution; False when the execution has tracked nothing yet.

    For facts that a step must not depend on, such as the commit: in a step's own environment
    they would repeat every step at each commit.
    """
    with _tracking_store():
        client = MlflowClient()
        found = client.get_experiment_by_name(_experiment_name())
        parents = _parents(client, found.experiment_id, execution) if found else []
        if parents:
            client.log_batch(
                parents[0].info.run_id, tags=[RunTag(key, value) for key, value in tags.items()]
            )
        return bool(parents)


def execution_id() -> str | None:
    """The pipeline execution that this job belongs to, by the job's own name; None outside.

    Not an environment variable of ours: that would be part of the step cache's key.
    """
    match = JOB_NAME.match(_job_name() or "")
    return match["execution"] if match else None


def _job_name() -> str | None:
    for variable in ("TRAINING_JOB_NAME", "PROCESSING_JOB_NAME"):
        if name := os.environ.get(variable):
            return name
    # SageMaker describes a processing job in /opt/ml/config; this file lies in
    # /opt/ml/processing/input/code/mlops, wherever /opt/ml is.
    for folder in Path(__file__).resolve().parents:
        description = folder / "config" / "processingjobconfig.json"
        if description.is_file():
            name = json.loads(description.read_text(encoding="utf-8")).get("ProcessingJobName")
            return str(name) if name else None
    return None


@contextmanager
def _tracking_store() -> Iterator[None]:
    """The store of MLFLOW_TRACKING_URI, or a temporary one while the block runs."""
    if os.environ.get("MLFLOW_TRACKING_URI"):
        yield
        return
    before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        os.environ["MLFLOW_ARTIFACT_LOCATION"] = (Path(folder) / "artifacts").as_uri()
        try:
            yield
        finally:
            del os.environ["MLFLOW_ARTIFACT_LOCATION"]
            mlflow.set_tracking_uri(before)


def _experiment_name() -> str:
    return os.environ.get("MLFLOW_EXPERIMENT_NAME") or DEFAULT_EXPERIMENT


def _experiment(client: MlflowClient) -> str:
    """The id of the experiment, created when it is new."""
    name = _experiment_name()
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        location = os.environ.get("MLFLOW_ARTIFACT_LOCATION")
        try:
            return str(client.create_experiment(name, artifact_location=location))
        except mlflow.MlflowException:
            # Another job has just created it.
            experiment = client.get_experiment_by_name(name)
            if experiment is None:
                raise
    return str(experiment.experiment_id)


def _parent_run(client: MlflowClient, experiment: str, execution: str) -> str:
    """The id of the execution's run, created when there is none.

    Two steps that begin together may both create one; the earlier is kept by both.
    """
    if not _parents(client, experiment, execution):
        client.create_run(
            experiment,
            tags={
                **_environment_tags(),
                EXECUTION_TAG: execution,
                ROLE_TAG: "execution",
                MLFLOW_RUN_NAME: execution,
            },
        )
    first, *others = _parents(client, experiment, execution)
    for other in others:
        client.delete_run(other.info.run_id)
    return str(first.info.run_id)


def _parents(client: MlflowClient, experiment: str, execution: str) -> list[Run]:
    return list(
        client.search_runs(
            [experiment],
            filter_string=(
                f"tags.{EXECUTION_TAG} = '{execution}' and tags.{ROLE_TAG} = 'execution'"
            ),
            order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
        )
    )


def _show_on_parent(client: MlflowClient, parent: str, child: str, step: str) -> None:
    """Copy the step's last metrics to the execution's run, so that executions can be compared.

    A metric with a dot in its name, such as `candidate.linear.rmse`, is a detail and stays.
    """
    metrics = client.get_run(child).data.metrics
    now = int(time.time() * 1000)
    client.log_batch(
        parent,
        metrics=[
            Metric(f"{step.lower()}.{name}", value, now, 0)
            for name, value in metrics.items()
            if "." not in name
        ],
    )


def _environment_tags() -> dict[str, str]:
    return {
        tag: os.environ[variable]
        for variable, tag in ENVIRONMENT_TAGS.items()
        if os.environ.get(variable)
    }
