"""MLflow runs of a pipeline, in a real sqlite store: parents, children, failures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from mlops import tracking
from mlops.tracking import execution_id, step_run, tag_execution

pytestmark = pytest.mark.xdist_group("mlflow")

VARIABLES = ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_ARTIFACT_LOCATION")
JOB_VARIABLES = ("TRAINING_JOB_NAME", "PROCESSING_JOB_NAME")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with its tables, which take seconds to make."""
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder}/mlflow.db"
    MlflowClient(uri).search_experiments()
    return uri


@pytest.fixture
def store(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> MlflowClient:
    """A client of the store; each test has an experiment of its own."""
    for name in JOB_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", database)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", request.node.name)
    monkeypatch.setenv("MLFLOW_ARTIFACT_LOCATION", (tmp_path / "artifacts").as_uri())
    monkeypatch.setenv("PROJECT_NAME", "house-prices")
    monkeypatch.setenv("TEMPLATE_NAME", "regression")
    mlflow.set_tracking_uri(database)
    return MlflowClient(database)


def runs(store: MlflowClient) -> dict[str, Run]:
    experiment = store.get_experiment_by_name(os.environ["MLFLOW_EXPERIMENT_NAME"])
    return {run.info.run_name: run for run in store.search_runs([experiment.experiment_id])}


def test_steps_are_children_of_one_run_per_execution(
    store: MlflowClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROCESSING_JOB_NAME", "pipelines-ab12cd34-Prepare-x1y2")
    with step_run("Prepare"):
        mlflow.log_metric("rows", 442)
        mlflow.log_text("hello", "note.txt")
    monkeypatch.delenv("PROCESSING_JOB_NAME")
    monkeypatch.setenv("TRAINING_JOB_NAME", "pipelines-ab12cd34-Train-z3")
    with step_run("Train"):
        for step, value in enumerate((3.0, 2.0, 1.0)):
            mlflow.log_metric("rmse", value, step=step)
        mlflow.log_metric("candidate.linear.rmse", 4.0)

    found = runs(store)
    assert set(found) == {"ab12cd34", "Prepare", "Train"}
    parent = found["ab12cd34"]
    assert parent.info.status == "FINISHED"
    assert parent.data.metrics == {"prepare.rows": 442.0, "train.rmse": 1.0}
    for name in ("Prepare", "Train"):
        tags = found[name].data.tags
        assert tags["mlflow.parentRunId"] == parent.info.run_id
        assert (tags["step"], tags["project"]) == (name, "house-prices")
        assert tags["template"] == "regression"
        assert tags["pipeline_execution_id"] == "ab12cd34"
    assert (tmp_path / "artifacts" / found["Prepare"].info.run_id / "artifacts/note.txt").is_file()


def test_another_execution_has_another_run(
    store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for execution in ("first1", "second2"):
        monkeypatch.setenv("PROCESSING_JOB_NAME", f"pipelines-{execution}-Prepare-x")
        with step_run("Prepare"):
            pass
    assert {"first1", "second2"} <= set(runs(store))


def test_a_failing_step_fails_its_run_and_the_execution_s(
    store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINING_JOB_NAME", "pipelines-broken-Train-x")
    with pytest.raises(ValueError, match="no rows"), step_run("Train"):
        raise ValueError("no rows")
    found = runs(store)
    assert found["Train"].info.status == found["broken"].info.status == "FAILED"


def test_two_steps_at_once_agree_on_one_parent(
    store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if another step had created its run between our looking and our creating."""
    monkeypatch.setenv("PROCESSING_JOB_NAME", "pipelines-race-Prepare-x")
    experiment = store.create_experiment(os.environ["MLFLOW_EXPERIMENT_NAME"])
    look, looked = tracking._parents, []

    def look_and_lose_the_race(client: MlflowClient, where: str, execution: str) -> list[Run]:
        found = look(client, where, execution)
        if not looked:
            tags = {"pipeline_execution_id": execution, "pipeline_role": "execution"}
            looked.append(store.create_run(experiment, start_time=1, tags=tags).info.run_id)
        return found

    monkeypatch.setattr(tracking, "_parents", look_and_lose_the_race)
    with step_run("Prepare") as run:
        assert run.data.tags["mlflow.parentRunId"] == looked[0]
    tagged = "tags.pipeline_role = 'execution'"
    assert [run.info.run_id for run in store.search_runs([experiment], tagged)] == looked


def test_outside_of_a_pipeline_a_run_has_no_parent(store: MlflowClient) -> None:
    with step_run("Exploration"):
        mlflow.log_param("rows", 3)
    found = runs(store)
    assert set(found) == {"Exploration"}
    assert "mlflow.parentRunId" not in found["Exploration"].data.tags


def test_without_a_store_nothing_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a process of its own, as a step is: MLflow keeps the store in module state."""
    code = (
        "import mlflow, os\n"
        "from mlops.tracking import step_run\n"
        "with step_run('Train'):\n"
        "    mlflow.log_metric('rmse', 1.0)\n"
        "    mlflow.log_text('a', 'a.txt')\n"
        "    uri = mlflow.get_tracking_uri()\n"
        "assert uri.startswith('sqlite:///'), uri\n"
        "assert not os.path.exists(uri.removeprefix('sqlite:///'))\n"
        "assert not [n for n in os.environ if n.startswith('MLFLOW')], dict(os.environ)\n"
    )
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("MLFLOW")
    } | {"PYTHONPATH": str(Path.cwd()), "PROCESSING_JOB_NAME": "pipelines-none-Train-x"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_commit_is_noted_afterwards(
    store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not tag_execution("nothing", {"git_sha": "abc"})
    monkeypatch.setenv("PROCESSING_JOB_NAME", "pipelines-done-Prepare-x")
    with step_run("Prepare"):
        pass
    assert tag_execution("done", {"git_sha": "abc"})
    assert runs(store)["done"].data.tags["git_sha"] == "abc"


@pytest.mark.parametrize(
    ("job", "execution"),
    [
        ("pipelines-0a1b2c3d4e5f-Prepare-AbC123", "0a1b2c3d4e5f"),
        ("pipelines-x-y", "x"),
        ("a-job-of-somebody", None),
        ("", None),
    ],
)
def test_the_execution_is_read_from_the_job_s_name(
    monkeypatch: pytest.MonkeyPatch, job: str, execution: str | None
) -> None:
    monkeypatch.delenv("PROCESSING_JOB_NAME", raising=False)
    monkeypatch.setenv("TRAINING_JOB_NAME", job)
    assert execution_id() == execution


def test_a_processing_job_finds_its_description(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SageMaker writes it to /opt/ml/config; a job's code is in /opt/ml/processing/input/code."""
    for name in JOB_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/processingjobconfig.json").write_text(
        json.dumps({"ProcessingJobName": "pipelines-abc-Prepare-1"})
    )
    code = tmp_path / "processing/input/code/mlops/tracking.py"
    monkeypatch.setattr(tracking, "__file__", str(code))
    assert execution_id() == "abc"


def test_it_travels_alone() -> None:
    """It is part of every bundle; importing more of this package would widen them all."""
    text = Path(tracking.__file__ or "").read_text(encoding="utf-8")
    assert "from mlops" not in text
    assert "import mlops" not in text
