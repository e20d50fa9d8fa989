"""Workflows are started once, with inputs that the pushed file takes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from generator.errors import InputError
from generator.github.dispatch import dispatch, find_run
from generator.github.errors import GitHubInvalid, GitHubMissing, GitHubUnavailable
from generator.standins.github import Fault
from generator.standins.github.state import Run

from .stage import ORGANIZATION, START, Stage, pushed

NAME = f"{ORGANIZATION}/deploy"
ARN = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/houses/7"
INPUTS = {"model_package_arn": ARN, "stage": "prod"}
TITLE = f"Deploy to prod · {ARN}"
SINCE = datetime.fromtimestamp(START, UTC)
WORKFLOW = """\
name: Deploy
run-name: Deploy to ${{ inputs.stage }} · ${{ inputs.model_package_arn }}
on:
  workflow_dispatch:
    inputs:
      model_package_arn: {type: string, required: true}
      stage: {type: choice, options: [dev, test, prod], required: true}
      version: {type: string, required: false, default: ""}
jobs:
  deploy:
    runs-on: ubuntu-24.04
    steps: [{run: "true"}]
"""
FILE = ".github/workflows/deploy.yml"


@pytest.fixture(autouse=True)
def repository(stage: Stage) -> None:
    stage.hub.create_repository(NAME)
    pushed(stage, NAME, {FILE: WORKFLOW, ".github/workflows/checks.yml": "on: push\njobs: {}\n"})


def test_a_run_starts_with_its_inputs(stage: Stage) -> None:
    run = dispatch(stage.api(), NAME, "deploy.yml", "main", INPUTS)
    (found,) = stage.hub.repository(NAME).runs
    assert (found.id, found.title) == (run.id, TITLE)
    assert found.inputs == {**INPUTS, "version": ""}
    assert run.url == f"{stage.hub.url}/{NAME}/actions/runs/{run.id}"
    assert run.started


def test_once_per_title_and_time(stage: Stage) -> None:
    def approved(since: datetime) -> bool:
        api = stage.api()
        return dispatch(api, NAME, "deploy.yml", "main", INPUTS, title=TITLE, since=since).started

    assert approved(SINCE)
    assert not approved(SINCE)
    stage.clock.sleep(60)
    assert not approved(SINCE)
    later = datetime.fromtimestamp(stage.clock.now(), UTC)
    assert approved(later)
    assert not approved(later)
    assert len(stage.hub.repository(NAME).runs) == 2


def test_another_title_is_another_run(stage: Stage) -> None:
    api = stage.api()
    for stage_name in ("dev", "test"):
        inputs = {**INPUTS, "stage": stage_name}
        title = f"Deploy to {stage_name} · {ARN}"
        dispatch(api, NAME, "deploy.yml", "main", inputs, title=title, since=SINCE)
    assert [run.inputs["stage"] for run in stage.hub.repository(NAME).runs] == ["dev", "test"]


def test_a_failed_run_is_not_started_again(stage: Stage) -> None:
    api = stage.api()
    first = dispatch(api, NAME, "deploy.yml", "main", INPUTS, title=TITLE, since=SINCE)
    run = stage.hub.repository(NAME).runs[0]
    run.status, run.conclusion = "completed", "failure"
    again = dispatch(api, NAME, "deploy.yml", "main", INPUTS, title=TITLE, since=SINCE)
    assert (again.id, again.started) == (first.id, False)


def test_a_server_that_does_not_say_which_run_it_started(stage: Stage) -> None:
    api = stage.api(stage.server)
    assert dispatch(api, NAME, "deploy.yml", "main", INPUTS).id is None
    stage.hub.repository(NAME).runs.clear()
    run = dispatch(api, NAME, "deploy.yml", "main", INPUTS, title=TITLE, since=SINCE)
    assert run.id == stage.hub.repository(NAME).runs[0].id
    assert run.started


def test_a_lost_answer_without_a_title_is_raised(stage: Stage) -> None:
    stage.hub.faults.add(Fault("dropped", "actions/create-workflow-dispatch", after=True))
    with pytest.raises(GitHubUnavailable) as raised:
        dispatch(stage.api(), NAME, "deploy.yml", "main", INPUTS)
    assert raised.value.may_have_acted
    assert len(stage.hub.repository(NAME).runs) == 1


WRONG = {
    "an unknown input": ({**INPUTS, "colour": "red"}, "Unexpected inputs provided"),
    "a missing input": ({"stage": "prod"}, "Required input 'model_package_arn' not provided"),
    "an empty input": ({**INPUTS, "model_package_arn": ""}, "Required input"),
    "a stage that is none": ({**INPUTS, "stage": "moon"}, "not in the list of allowed values"),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("title", [None, TITLE])
def test_inputs_that_the_workflow_does_not_take(stage: Stage, case: str, title: str | None) -> None:
    inputs, said = WRONG[case]
    with pytest.raises(GitHubInvalid, match=said):
        dispatch(stage.api(), NAME, "deploy.yml", "main", inputs, title=title, since=SINCE)
    assert stage.hub.repository(NAME).runs == []


def test_workflows_that_cannot_be_started(stage: Stage) -> None:
    api = stage.api()
    with pytest.raises(GitHubMissing):
        dispatch(api, NAME, "missing.yml", "main", {})
    with pytest.raises(GitHubMissing):
        dispatch(api, NAME, "missing.yml", "main", {}, title=TITLE)
    with pytest.raises(GitHubInvalid, match="No ref found"):
        dispatch(api, NAME, "deploy.yml", "other", INPUTS)
    with pytest.raises(GitHubInvalid, match="does not have 'workflow_dispatch' trigger"):
        dispatch(api, NAME, "checks.yml", "main", {})


def test_a_workflow_of_another_branch_is_not_known(stage: Stage) -> None:
    pushed(stage, NAME, {".github/workflows/new.yml": WORKFLOW}, branch="feature")
    with pytest.raises(GitHubMissing):
        dispatch(stage.api(), NAME, "new.yml", "feature", INPUTS)


def test_inputs_that_cannot_be_sent(stage: Stage) -> None:
    many = {f"input{number}": "x" for number in range(11)}
    with pytest.raises(InputError, match="11 inputs; GitHub takes 10"):
        dispatch(stage.api(stage.server), NAME, "deploy.yml", "main", many)
    with pytest.raises(InputError, match="has no zone"):
        find_run(stage.api(), NAME, "deploy.yml", TITLE, datetime(2027, 1, 1))
    assert stage.hub.journal.entries == []


def test_whoever_plays_runs_is_told(stage: Stage) -> None:
    told: list[Run] = []
    done = threading.Event()

    def play(run: Run) -> None:
        told.append(run)
        run.status, run.conclusion = "completed", "success"
        done.set()

    stage.hub.on_run = play
    run = dispatch(stage.api(), NAME, "deploy.yml", "main", INPUTS)
    assert done.wait(10)
    assert [one.id for one in told] == [run.id]
    shown = stage.api().get(f"/repos/{NAME}/actions/runs/{run.id}")
    assert shown["conclusion"] == "success"
