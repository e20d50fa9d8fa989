"""The build repository's workflows, run with act: what happens, in which order, with what."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflows.act import Scenario, run_workflow
from workflows.conftest import ACCOUNT, BUILD_ROLE, REGION, Repository

CHECKS = [
    "make setup", "make lint", "make test", "make compile check", "make run",
    "python -m mlops summary .local/last_run.json",
]  # fmt: skip

RAN: Scenario = {"run": [{"writes": {".local/last_run.json": "{}"}}]}
RAN_AND_FAILED: Scenario = {"run": [{"exit": 1, "writes": {".local/last_run.json": "{}"}}]}

# A sample through the whole workflow; test_scripts.py tries the rest of what is refused.
HOSTILE_PARAMETERS = [
    "MetricBound=$(touch${IFS}pwned)",
    "MetricBound=1;touch${IFS}pwned",
    "MetricBound=1\nrole=arn:aws:iam::999999999999:role/theirs\n;",
]


def test_a_pull_request_runs_every_check_without_a_credential(
    repository: Repository, tmp_path: Path
) -> None:
    ran = run_workflow(
        repository("build"), "checks.yml", "pull_request", tmp_path / "act", scenario=RAN
    )
    assert ran.jobs == {"checks": "success"}, ran.log
    assert ran.commands() == CHECKS
    assert ran.summary == "# What the run did\n"
    assert [call.credentials for call in ran.calls] == [""] * len(ran.calls)
    assert not ran.action("configure-aws-credentials")
    assert ran.action("checkout")[0].inputs["persist-credentials"] == "false"


def test_the_report_is_kept_and_no_data_or_model(repository: Repository, tmp_path: Path) -> None:
    build = repository("build")
    ran = run_workflow(build, "checks.yml", "pull_request", tmp_path / "act", scenario=RAN)
    (upload,) = ran.action("upload-artifact")
    # The action takes paths from the root of the repository.
    assert upload.inputs["path"].split() == [
        build.file(".local/last_run.json"),
        build.file(".local/runs/**/report.html"),
        build.file(".local/runs/**/log.txt"),
    ]
    # Without it the action leaves out everything below a folder that starts with a dot.
    assert upload.inputs["include-hidden-files"] == "true"


@pytest.mark.parametrize("command", CHECKS[:4])
def test_a_failing_check_stops_the_checks(
    command: str, repository: Repository, tmp_path: Path
) -> None:
    ran = run_workflow(
        repository("build"), "checks.yml", "pull_request", tmp_path / "act",
        scenario={command.split()[-1]: [{"exit": 2}]},
    )  # fmt: skip
    assert ran.jobs == {"checks": "failure"}
    assert ran.exit_code != 0
    assert ran.commands() == CHECKS[: CHECKS.index(command) + 1]


def test_a_failing_run_is_still_summarized_and_kept(repository: Repository, tmp_path: Path) -> None:
    ran = run_workflow(
        repository("build"), "checks.yml", "pull_request", tmp_path / "act",
        scenario=RAN_AND_FAILED,
    )  # fmt: skip
    assert ran.jobs == {"checks": "failure"}
    assert ran.commands() == CHECKS
    assert "What the run did" in ran.summary
    assert len(ran.action("upload-artifact")) == 1


def test_a_run_that_never_began_leaves_nothing_to_summarize(
    repository: Repository, tmp_path: Path
) -> None:
    ran = run_workflow(
        repository("build"), "checks.yml", "pull_request", tmp_path / "act",
        scenario={"run": [{"exit": 2}]},
    )  # fmt: skip
    assert ran.jobs == {"checks": "failure"}
    assert ran.commands() == CHECKS[:-1]
    assert not ran.action("upload-artifact")


def test_a_push_to_main_is_checked_and_then_built_with_the_build_role(
    repository: Repository, tmp_path: Path
) -> None:
    ran = run_workflow(repository("build"), "pipeline.yml", "push", tmp_path / "act", scenario=RAN)
    assert ran.jobs == {"plan": "success", "checks": "success", "execute": "success"}, ran.log
    *before, install, deploy = ran.commands()
    assert before == CHECKS
    assert install == "make setup"
    assert deploy.startswith("make deploy ARGS= --summary /")
    (role,) = ran.action("configure-aws-credentials")
    assert role.inputs["role-to-assume"] == BUILD_ROLE
    assert role.inputs["aws-region"] == REGION
    assert role.inputs["allowed-account-ids"] == ACCOUNT
    # Only what follows the assumed role has credentials.
    assert [str(call) for call in ran.calls if call.credentials] == [deploy]
    assert BUILD_ROLE in ran.calls[-1].credentials


def test_a_push_to_another_branch_than_the_default_builds_nothing(
    repository: Repository, tmp_path: Path
) -> None:
    ran = run_workflow(
        repository("build"), "pipeline.yml", "push", tmp_path / "act", default_branch="trunk"
    )
    assert ran.exit_code == 0, ran.log
    assert not ran.calls


def test_a_person_overrides_parameters_and_does_not_wait(
    repository: Repository, tmp_path: Path
) -> None:
    ran = run_workflow(
        repository("build"), "pipeline.yml", "workflow_dispatch", tmp_path / "act",
        inputs={
            "parameters": " MetricBound=55.5  InputDataUri=s3://b/x_y/data.csv\nTag=a@b,c+d=e ",
            "follow": "false",
        },
    )  # fmt: skip
    assert ran.exit_code == 0, ran.log
    arguments, _, summary = ran.commands("execute")[-1].partition(" --summary ")
    assert arguments == (
        "make deploy ARGS=--param MetricBound=55.5 "
        "--param InputDataUri=s3://b/x_y/data.csv --param Tag=a@b,c+d=e --no-follow"
    )
    assert summary.startswith("/")


def test_a_dispatch_without_inputs_follows_with_the_defaults(
    repository: Repository, tmp_path: Path
) -> None:
    ran = run_workflow(
        repository("build"), "pipeline.yml", "workflow_dispatch", tmp_path / "act", inputs={}
    )
    assert ran.exit_code == 0, ran.log
    assert ran.commands("execute")[-1].startswith("make deploy ARGS= --summary /")


@pytest.mark.parametrize("parameters", HOSTILE_PARAMETERS)
def test_a_parameter_that_could_mean_more_is_refused_and_never_run(
    parameters: str, repository: Repository, tmp_path: Path
) -> None:
    ran = run_workflow(
        repository("build"), "pipeline.yml", "workflow_dispatch", tmp_path / "act",
        inputs={"parameters": parameters},
    )  # fmt: skip
    assert ran.jobs == {"plan": "failure"}
    assert ran.commands() == []
    assert not ran.action("configure-aws-credentials")
    assert not list(tmp_path.rglob("pwned"))
    (error,) = ran.errors
    assert "The input parameters has " in error and "NAME=VALUE" in error
    assert "No pipeline was started" in ran.summary


def test_a_project_without_a_cloud_is_told_which_values_it_lacks(
    repository: Repository, tmp_path: Path
) -> None:
    ran = run_workflow(repository("build", facts=False), "pipeline.yml", "push", tmp_path / "act")
    assert ran.jobs == {"plan": "failure"}
    assert ran.commands() == []
    (error,) = ran.errors
    for key in (
        "aws.account_id", "sagemaker.pipeline_role_arn", "stages.dev.build_role_arn",
        "storage.bucket", "storage.prefix",
    ):  # fmt: skip
        assert key in error and key in ran.summary
    assert "aws.region" not in error, "it has a region"


def test_nothing_reaches_the_cloud_when_a_check_fails(
    repository: Repository, tmp_path: Path
) -> None:
    ran = run_workflow(
        repository("build"), "pipeline.yml", "push", tmp_path / "act",
        scenario={"test": [{"exit": 1}]},
    )  # fmt: skip
    assert ran.jobs["checks"] == "failure"
    assert ran.jobs.get("execute") != "success"
    assert not ran.action("configure-aws-credentials")
    assert not any(command.startswith("make deploy") for command in ran.commands())


def test_a_failed_execution_fails_the_run(repository: Repository, tmp_path: Path) -> None:
    ran = run_workflow(
        repository("build"), "pipeline.yml", "push", tmp_path / "act",
        scenario={"deploy": [{"exit": 1}]},
    )  # fmt: skip
    assert ran.jobs["execute"] == "failure"
    assert ran.exit_code != 0
