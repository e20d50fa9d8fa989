"""The deploy repository's workflows, run with act: the way out, the way back, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflows.act import Outcome, Scenario, run_workflow
from workflows.conftest import ACCOUNT, GROUP, NEW, OLD, REGION, Repository, deploy_role

RUNS_OLD: Scenario = {
    "current": [{"prints": f"{OLD}\n"}],
    "diff": [{"prints": "[~] Endpoint config\n"}],
}

# A sample through the whole workflow; test_scripts.py tries the rest of what is refused.
HOSTILE_ARNS = [
    "$(touch pwned)",
    f"{NEW}; touch pwned",
    f"{NEW}\nrole=arn:aws:iam::999999999999:role/theirs",
    f'{NEW}" && touch pwned && "',
]


def deploy(
    repository: Repository,
    folder: Path,
    *,
    scenario: Scenario | None = None,
    facts: bool = True,
    **inputs: str,
) -> Outcome:
    """Start the workflow as a person does; `inputs` replace the usual ones."""
    return run_workflow(
        repository("deploy", facts=facts), "deploy.yml", "workflow_dispatch", folder / "act",
        inputs={"model_package_arn": NEW, "stage": "prod", **inputs},
        scenario=RUNS_OLD if scenario is None else scenario,
    )  # fmt: skip


def make(target: str, arn: str = "", stage: str = "prod", silent: bool = False) -> str:
    """A make call as it is recorded."""
    words = ["make", "--silent" if silent else "", target, f"STAGE={stage}"]
    return " ".join(
        [word for word in words if word] + ([f"MODEL_PACKAGE_ARN={arn}"] if arn else [])
    )


def test_a_pull_request_is_checked_without_a_credential(
    repository: Repository, tmp_path: Path
) -> None:
    ran = run_workflow(repository("deploy"), "checks.yml", "pull_request", tmp_path / "act")
    assert ran.jobs == {"checks": "success"}, ran.log
    assert ran.commands() == ["make setup", "make lint", "make test", "make synth"]
    assert not any(call.credentials for call in ran.calls)


@pytest.mark.parametrize("stage", ["dev", "test", "prod"])
def test_a_package_is_deployed_and_tried_with_the_role_of_its_stage(
    stage: str, repository: Repository, tmp_path: Path
) -> None:
    ran = deploy(repository, tmp_path, stage=stage)
    assert ran.jobs == {"plan": "success", "deploy": "success"}, ran.log
    assert ran.commands("plan") == ["make setup", make("synth", NEW, stage)]
    assert ran.commands("deploy") == [
        "make setup",
        make("current", stage=stage, silent=True),
        make("diff", NEW, stage, silent=True),
        make("deploy", NEW, stage),
        make("smoke", NEW, stage),
    ]
    roles = ran.action("configure-aws-credentials")
    assert len(roles) == 2, "a long deployment may have used up the first credentials"
    for role in roles:
        assert role.inputs["role-to-assume"] == deploy_role(stage)
        assert role.inputs["aws-region"] == REGION
        assert role.inputs["allowed-account-ids"] == ACCOUNT
    happened = [str(call) for call in ran.calls]
    assert happened[happened.index(make("smoke", NEW, stage)) - 1] == "configure-aws-credentials"


def test_credentials_exist_only_behind_the_stages_approval(
    repository: Repository, tmp_path: Path
) -> None:
    ran = deploy(repository, tmp_path)
    with_credentials = [call for call in ran.calls if call.credentials and call.name == "make"]
    assert [str(call) for call in with_credentials] == ran.commands("deploy")[1:]
    assert {call.job for call in with_credentials} == {"deploy"}


def test_the_change_is_shown_before_it_is_made(repository: Repository, tmp_path: Path) -> None:
    ran = deploy(repository, tmp_path, scenario={**RUNS_OLD, "deploy": [{"exit": 1}]})
    assert "### What changes on prod\n\n```diff\n[~] Endpoint config\n" in ran.summary
    assert "The deployment did not succeed" in ran.summary


def test_the_summary_says_what_runs_now(repository: Repository, tmp_path: Path) -> None:
    ran = deploy(repository, tmp_path)
    assert "prod serves the new package, and it passed the smoke test." in ran.summary
    assert f"| Model package | `{NEW}` |" in ran.summary
    assert f"| Before | `{OLD}` |" in ran.summary
    assert ran.errors == ()


def test_a_failed_smoke_test_deploys_the_previous_package_again_and_fails(
    repository: Repository, tmp_path: Path
) -> None:
    ran = deploy(repository, tmp_path, scenario={**RUNS_OLD, "smoke": [{"exit": 1}]})
    assert ran.jobs == {"plan": "success", "deploy": "failure"}
    assert ran.exit_code != 0
    assert ran.commands("deploy")[-4:] == [
        make("deploy", NEW),
        make("smoke", NEW),
        make("rollback", OLD),
        make("smoke", OLD),
    ]
    assert "prod serves what it served before." in ran.summary


def test_a_previous_package_that_fails_too_is_called_out(
    repository: Repository, tmp_path: Path
) -> None:
    scenario: Scenario = {**RUNS_OLD, "smoke": [{"exit": 1}, {"exit": 1}]}
    ran = deploy(repository, tmp_path, scenario=scenario)
    assert ran.jobs["deploy"] == "failure"
    assert "fails it too" in ran.summary


def test_a_way_back_that_fails_asks_for_a_person(repository: Repository, tmp_path: Path) -> None:
    scenario: Scenario = {**RUNS_OLD, "smoke": [{"exit": 1}], "rollback": [{"exit": 1}]}
    ran = deploy(repository, tmp_path, scenario=scenario)
    assert ran.jobs["deploy"] == "failure"
    assert ran.commands("deploy")[-1] == make("rollback", OLD)
    assert "Act now." in ran.summary


@pytest.mark.parametrize("current", ["", f"{NEW}\n"], ids=["first deployment", "same package"])
def test_without_an_earlier_package_there_is_no_way_back(
    current: str, repository: Repository, tmp_path: Path
) -> None:
    scenario: Scenario = {"current": [{"prints": current}], "smoke": [{"exit": 1}]}
    ran = deploy(repository, tmp_path, scenario=scenario)
    assert ran.jobs["deploy"] == "failure"
    assert ran.commands("deploy")[-1] == make("smoke", NEW)
    assert "there is no earlier package to return to" in ran.summary


@pytest.mark.parametrize("broken", ["setup", "current", "diff", "deploy"])
def test_a_step_that_fails_before_the_smoke_test_ends_the_deployment(
    broken: str, repository: Repository, tmp_path: Path
) -> None:
    # The first setup is that of the job which plans.
    answers = [{}, {"exit": 2}] if broken == "setup" else [{"exit": 2}]
    ran = deploy(repository, tmp_path, scenario={**RUNS_OLD, broken: answers})
    assert ran.jobs["deploy"] == "failure"
    assert broken in ran.commands("deploy")[-1].split()
    said = "did not succeed" if broken == "deploy" else "Nothing was deployed: prod is as it was."
    assert said in ran.summary


def test_what_runs_now_must_be_an_arn(repository: Repository, tmp_path: Path) -> None:
    scenario: Scenario = {"current": [{"prints": "an error\nway_back=$(touch pwned)\n"}]}
    ran = deploy(repository, tmp_path, scenario=scenario)
    assert ran.jobs["deploy"] == "failure"
    assert ran.commands("deploy")[-1] == make("current", silent=True)
    assert "neither nothing nor the ARN" in ran.errors[0]
    assert not list(tmp_path.rglob("pwned"))


def test_a_stack_that_does_not_synthesize_never_waits_for_approval(
    repository: Repository, tmp_path: Path
) -> None:
    ran = deploy(repository, tmp_path, scenario={**RUNS_OLD, "synth": [{"exit": 1}]})
    assert ran.jobs["plan"] == "failure"
    assert ran.commands("deploy") == []
    assert not ran.action("configure-aws-credentials")


@pytest.mark.parametrize("arn", HOSTILE_ARNS)
def test_anything_but_the_arn_of_a_version_is_refused_and_never_run(
    arn: str, repository: Repository, tmp_path: Path
) -> None:
    ran = deploy(repository, tmp_path, model_package_arn=arn)
    assert ran.jobs == {"plan": "failure"}
    assert ran.commands() == []
    assert not ran.action("configure-aws-credentials")
    assert not list(tmp_path.rglob("pwned"))
    assert "The input model_package_arn is " in ran.errors[0]
    assert "Nothing was deployed" in ran.summary


def test_a_stage_that_does_not_exist_is_refused(repository: Repository, tmp_path: Path) -> None:
    ran = deploy(repository, tmp_path, stage="prod; touch pwned")
    assert ran.jobs == {"plan": "failure"}
    assert ran.commands() == []
    assert "use one of dev, test, prod" in ran.errors[0]
    assert not list(tmp_path.rglob("pwned"))


def test_inputs_that_agree_with_the_arn_are_accepted(
    repository: Repository, tmp_path: Path
) -> None:
    ran = deploy(repository, tmp_path, model_package_group=GROUP, version="7")
    assert ran.exit_code == 0, ran.log


def test_a_stage_without_a_cloud_is_told_which_values_it_lacks(
    repository: Repository, tmp_path: Path
) -> None:
    ran = deploy(repository, tmp_path, facts=False, stage="test")
    assert ran.jobs == {"plan": "failure"}
    for key in (
        "stages.test.account_id", "stages.test.deploy_role_arn", "storage.bucket", "storage.prefix",
    ):  # fmt: skip
        assert key in ran.errors[0]
    assert "stages.prod" not in ran.errors[0]
    assert "region" not in ran.errors[0], "the project's own region serves"
