"""`mlops run` executes the compiled definition on this machine as SageMaker would."""

import json
import os
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest
from conftest import GROUP, Project, step, write_project

from mlops.__main__ import main


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project after one successful run, started with credentials in the environment."""
    made = write_project(tmp_path_factory.mktemp("finished"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made.root)
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIASECRETSECRETSECR")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
        patch.setenv("AWS_PROFILE", "production")
        patch.setenv("HOME", "/home/somebody")
        patch.setenv("PYTHONPATH", "/somewhere/else")
        patch.delenv("MLOPS_LOCAL_DIR", raising=False)
        assert made.run() == 0
    return made


def seen_by_prepare(project: Project) -> dict[str, Any]:
    path = project.step_directory("Prepare") / "opt/ml/seen.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def seen_by_train(project: Project) -> dict[str, Any]:
    archive = next((project.local / "s3").rglob("output.tar.gz"))
    with tarfile.open(archive) as opened:
        member = opened.extractfile("seen.json")
        assert member is not None
        found: dict[str, Any] = json.load(member)
    return found


def test_last_run_tells_what_came_out(finished: Project) -> None:
    summary = finished.last_run()
    assert re.fullmatch(r"[a-z0-9]{12}", summary["execution_id"])
    assert summary["status"] == "Succeeded"
    assert summary["failure_reason"] is None
    assert summary["seconds"] > 0
    assert summary["parameters"]["MetricBound"] == 60.0
    assert [(s["name"], s["type"], s["status"], s["cached"]) for s in summary["steps"]] == [
        ("Prepare", "Processing", "Succeeded", False),
        ("Train", "Training", "Succeeded", False),
        ("Evaluate", "Processing", "Succeeded", False),
        ("QualityGate", "Condition", "Succeeded", False),
        ("RegisterModel", "RegisterModel", "Succeeded", False),
        ("QualityGateFailed", "Fail", "Skipped", False),
    ]
    assert summary["metrics"] == {"rmse": 50.0}
    arn = f"arn:aws:sagemaker:eu-west-1:000000000000:model-package/{GROUP}/1"
    assert summary["model_package_arn"] == arn
    assert Path(summary["report"]).read_text() == "<h1>report</h1>"
    assert json.loads(Path(summary["sample_request"]).read_text())
    with tarfile.open(summary["model_data"]) as model:
        assert model.getnames() == ["model.json"]


def test_the_package_is_registered_as_sagemaker_describes_it(finished: Project) -> None:
    (path,) = finished.packages()
    package = json.loads(path.read_text())
    assert package["ModelPackageVersion"] == 1
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    metadata = package["CustomerMetadataProperties"]
    assert metadata["pipeline_execution_id"] == finished.last_run()["execution_id"]
    url = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    assert url.startswith("s3://local-artifacts/") and url.endswith("/output/model.tar.gz")
    assert "Tags" not in package


def test_each_step_has_a_directory_with_its_log(finished: Project) -> None:
    run = finished.local / "runs" / finished.last_run()["execution_id"]
    assert "rows: 3" in (run / "Prepare/log.txt").read_text()
    assert "rmse=50.0" in (run / "Train/log.txt").read_text()
    assert (run / "Evaluate/opt/ml/processing/output/evaluation/report.html").is_file()


def test_nothing_of_the_person_gets_into_a_job(finished: Project) -> None:
    for environment in (
        seen_by_prepare(finished)["environment"],
        seen_by_train(finished)["environment"],
    ):
        assert "secret" not in json.dumps(environment).lower().replace("aws_shared", "")
        assert "AWS_PROFILE" not in environment
        assert "PYTHONPATH" not in environment
        assert environment["HOME"] == str(finished.local / "home")
        assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
        assert environment["AWS_REGION"] == "eu-west-1"
        assert environment["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
        assert environment["OPENBLAS_NUM_THREADS"] == "1"
        assert environment["MLFLOW_TRACKING_URI"] == f"sqlite:///{finished.local}/mlflow.db"
        assert environment["MLFLOW_EXPERIMENT_NAME"] == "githubactions-diabetes-progression"


def test_steps_call_aws_when_a_run_is_told_to(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASECRETSECRETSECR")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "for-an-hour")
    assert project.run("--aws-credentials", "--no-cache") == 0
    for environment in (
        seen_by_prepare(project)["environment"],
        seen_by_train(project)["environment"],
    ):
        assert environment["AWS_SECRET_ACCESS_KEY"] == "very-secret"
        assert environment["AWS_SESSION_TOKEN"] == "for-an-hour"
    assert "very-secret" not in (project.local / "last_run.json").read_text()


def test_a_shell_without_credentials_has_none_to_give(
    project: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    assert project.run("--aws-credentials") == 2
    assert "aws configure" in capfd.readouterr().err
    assert not project.packages()


def test_a_step_that_lacks_credentials_says_how_to_give_them(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    project.code("Evaluate", "import sys; sys.exit('Unable to locate credentials')")
    assert project.run() == 1
    assert 'make run ARGS="--aws-credentials"' in capfd.readouterr().err


def test_a_processing_job_finds_what_its_container_has(finished: Project) -> None:
    seen = seen_by_prepare(finished)
    execution = finished.last_run()["execution_id"]
    name = seen["config"]["ProcessingJobName"]
    assert re.fullmatch(rf"pipelines-{execution}-Prepare-\w{{10}}", name)
    assert seen["environment"]["PROCESSING_JOB_ARN"].endswith(f":processing-job/{name}")
    base = f"{finished.local}/runs/{execution}/Prepare/opt/ml"
    assert seen["environment"]["SAGEMAKER_BASE_DIR"] == base
    assert seen["cwd"] == f"{base}/processing/input/code"
    assert seen["argv"][1:3] == ["--input", f"{base}/processing/input/data"]
    assert "/opt/ml/processing" not in json.dumps(seen["config"]).replace(base, "")


def test_a_training_job_finds_what_its_container_has(finished: Project) -> None:
    seen = seen_by_train(finished)
    execution = finished.last_run()["execution_id"]
    assert seen["hyperparameters"] == {"max_depth": "3", "learning_rate": "0.08"}
    assert seen["inputdataconfig"]["train"]["ContentType"] == "application/x-parquet"
    assert set(seen["inputdataconfig"]) == {"train", "validation", "code", "sm_drivers"}
    assert seen["resourceconfig"]["hosts"] == ["algo-1"]
    assert seen["resourceconfig"]["current_instance_type"] == "ml.m5.xlarge"
    environment = seen["environment"]
    assert environment["SM_HPS"] == '{"max_depth": 3, "learning_rate": 0.08}'
    assert environment["SM_MODEL_DIR"].endswith("/Train/opt/ml/model")
    assert re.fullmatch(rf"pipelines-{execution}-Train-\w{{10}}", environment["TRAINING_JOB_NAME"])


def test_a_model_below_the_bar_is_not_registered(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert project.run("--param", "MetricBound=45") == 1
    reason = "The model was not registered: rmse 50 against a bound of 45"
    assert reason in capsys.readouterr().err.replace("\n", "")
    summary = project.last_run()
    assert (summary["status"], summary["failure_reason"]) == ("Failed", reason)
    assert summary["model_package_arn"] is None
    assert summary["metrics"] == {"rmse": 50.0}
    assert Path(summary["report"]).is_file()
    assert project.statuses()["RegisterModel"] == "Skipped"
    assert project.statuses()["QualityGateFailed"] == "Failed"
    assert project.packages() == []


def test_a_failing_step_shows_its_last_words(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.code("Train", "for n in range(40): print('line', n)\nraise SystemExit('no money left')")
    assert project.run() == 1
    shown = capsys.readouterr().out
    assert "line 39" in shown and "no money left" in shown
    assert "line 3\n" not in shown
    summary = project.last_run()
    assert summary["status"] == "Failed"
    assert summary["failure_reason"].startswith("Train: ")
    assert "exit code 1" in summary["failure_reason"]
    assert project.statuses() == {
        "Prepare": "Succeeded",
        "Train": "Failed",
        "Evaluate": "NotStarted",
        "QualityGate": "NotStarted",
        "RegisterModel": "NotStarted",
        "QualityGateFailed": "NotStarted",
    }
    assert "no money left" in project.log("Train")
    assert project.packages() == []


def test_a_reason_left_for_sagemaker_is_the_reason_shown(project: Project) -> None:
    project.code(
        "Prepare",
        "import os, pathlib, sys\n"
        "pathlib.Path(os.environ['SM_OUTPUT_DIR'], 'message').write_text('column age is missing')\n"
        "sys.exit(1)",
    )
    assert project.run() == 1
    assert project.last_run()["failure_reason"] == "Prepare: column age is missing (exit code 1)"


def test_verbose_shows_all_that_steps_print(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert project.run("--verbose") == 0
    assert "Prepare | rows: 3" in capsys.readouterr().out


def test_a_second_model_is_compared_with_the_approved_one(project: Project) -> None:
    def champion() -> dict[str, Any]:
        report = Path(project.last_run()["report"]).with_name("evaluation.json")
        found: dict[str, Any] = json.loads(report.read_text())["champion"]
        return found

    assert project.run() == 0
    assert champion() == {"model_package_arn": None, "has_model": False}
    assert main(["registry", "approve", "1", "--note", "good enough"]) == 0
    assert project.run() == 0
    assert project.statuses()["Train"] == "Cached"
    assert project.statuses()["Evaluate"] == "Succeeded"
    arn = f"arn:aws:sagemaker:eu-west-1:000000000000:model-package/{GROUP}/1"
    assert champion() == {"model_package_arn": arn, "has_model": True}
    assert project.run() == 0  # the champion is the same: nothing to do again
    assert project.statuses()["Evaluate"] == "Cached"


def test_a_repository_may_lie_in_a_folder_with_spaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_project(tmp_path / "My Projects; $(touch hit) 'a' ü")
    monkeypatch.chdir(project.root)
    assert project.run() == 0
    assert not list(tmp_path.rglob("hit"))


def test_what_cannot_run_here_says_so(project: Project) -> None:
    project.edit(
        lambda d: d["Steps"].insert(
            0, {"Name": "Notify", "Type": "Lambda", "FunctionArn": "arn", "Arguments": {}}
        )
    )
    assert project.run() == 1
    assert "a Lambda step needs AWS" in project.last_run()["failure_reason"]


def test_a_broken_definition_is_refused_before_anything_runs(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.edit(lambda d: step(d, "Train")["Arguments"].pop("RoleArn"))
    assert project.run() == 1
    assert "Train: Arguments" in capsys.readouterr().err
    assert not (project.local / "last_run.json").exists()


def test_a_package_without_its_evidence_is_not_registered(project: Project) -> None:
    def lose(document: dict[str, Any]) -> None:
        metrics = step(document, "RegisterModel")["Arguments"]["ModelMetrics"]
        metrics["ModelQuality"]["Statistics"]["S3Uri"] = "s3://local-artifacts/nowhere.json"

    project.edit(lose)
    assert project.run() == 1
    assert "s3://local-artifacts/nowhere.json" in project.last_run()["failure_reason"]
    assert project.packages() == []


def test_the_local_directory_can_be_elsewhere(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPS_LOCAL_DIR", str(tmp_path / "elsewhere"))
    assert project.run() == 0
    assert (tmp_path / "elsewhere/last_run.json").is_file()
    assert not project.local.exists()
