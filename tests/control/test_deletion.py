"""A deleted project: its repositories are archived or kept, never deleted, and somebody is told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from generator.control.deletion import delete
from generator.control.seeding import seed_build, seed_deploy
from generator.errors import InputError
from generator.github.errors import GitHubUnavailable
from generator.standins.github import Fault
from tests.control.stage import DOMAIN, GIVEN, PROJECT
from tests.control.world import BUILD, DEPLOY, World
from tests.generator.generator_stage import changed, git, person_pushes

DELETED: dict[str, Any] = {
    "source": "aws.datazone",
    "detail-type": "AWS API Call via CloudTrail",
    "detail": {
        "eventSource": "datazone.amazonaws.com",
        "eventName": "DeleteProject",
        "requestParameters": {"domainIdentifier": DOMAIN, "identifier": PROJECT},
        "responseElements": None,
    },
}
CLEAN_UP = "name: Clean up\non:\n  workflow_dispatch:\njobs:\n  x:\n    runs-on: ubuntu-24.04\n"


@pytest.fixture
def project(outside: World) -> World:
    outside.run(seed_build, GIVEN)
    outside.run(seed_deploy, GIVEN)
    return outside


def deleted(world: World, event: dict[str, Any] = DELETED) -> dict[str, Any]:
    return world.run(delete, {"event": event})


def archived(world: World) -> dict[str, bool]:
    return {name: world.github.repository(name).archived for name in (BUILD, DEPLOY)}


def test_both_repositories_are_archived_and_an_issue_says_what_remains(project: World) -> None:
    before = project.github.state()
    done = deleted(project)
    assert done["status"] == "DONE"
    assert archived(project) == {BUILD: True, DEPLOY: True}
    assert {one["name"]: one["state"] for one in done["repositories"]} == {
        BUILD: "archived",
        DEPLOY: "archived",
    }
    (issue,) = project.github.repository(DEPLOY).issues
    assert done["issue"].endswith(f"/issues/{issue.number}")
    assert PROJECT in issue.title
    assert "CloudFormation stacks" in issue.body
    after = project.github.state()
    assert {name: after[name]["heads"] for name in after} == {
        name: before[name]["heads"] for name in before
    }, "nothing is deleted"


def test_a_second_event_changes_nothing(project: World) -> None:
    deleted(project)
    before = project.github.state()
    assert deleted(project)["status"] == "DONE"
    assert project.github.state() == before


def test_repositories_can_be_kept(project: World) -> None:
    project.config = replace(project.config, deletion="keep")
    done = deleted(project)
    assert archived(project) == {BUILD: False, DEPLOY: False}
    assert {one["state"] for one in done["repositories"]} == {"kept"}
    assert len(project.github.repository(DEPLOY).issues) == 1


def with_clean_up(project: World) -> Any:
    """Have a person push a clean-up workflow; return the repository."""
    repository = project.github.repository(DEPLOY)
    repository.rulesets.clear()
    work = repository.folder.parent / "work"
    work.mkdir()
    git("clone", "--quiet", repository.folder, ".", cwd=work)
    (work / ".github/workflows/clean-up.yml").write_text(CLEAN_UP)
    git("add", "--all", ".", cwd=work)
    git("commit", "--quiet", "--message", "by a person", cwd=work)
    git("push", "--quiet", "origin", "HEAD:main", cwd=work, MAY_CHANGE_WORKFLOWS="1")
    return repository


def test_a_clean_up_workflow_is_started_where_there_is_one(project: World) -> None:
    """Its repository stays writable: no workflow runs in an archived one."""
    repository = with_clean_up(project)
    done = deleted(project)
    assert archived(project) == {BUILD: True, DEPLOY: False}
    assert done["issue"] is None
    assert done["run"].startswith(project.config.github.git_url)
    assert [run.workflow for run in repository.runs] == [".github/workflows/clean-up.yml"]


def at(seconds: float) -> dict[str, Any]:
    """The event of a deletion, so many seconds from now."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return DELETED | {"time": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_clean_up_whose_answer_is_lost_is_found_again(project: World, after: bool) -> None:
    repository = with_clean_up(project)
    project.github.faults.add(Fault("dropped", "actions/create-workflow-dispatch", after=after))
    event = at(-60)
    deleted(project, event)
    deleted(project, event)
    assert project.github.faults.happened
    assert len(repository.runs) == 1


def test_a_clean_up_from_before_the_deletion_is_another(project: World) -> None:
    repository = with_clean_up(project)
    deleted(project, at(-60))
    deleted(project, at(60))
    assert len(repository.runs) == 2


@pytest.mark.parametrize("time", [None, "yesterday", "2026-11-22T10:00:00", 7])
def test_without_the_time_of_the_deletion_a_clean_up_is_started_all_the_same(
    project: World, time: object
) -> None:
    repository = with_clean_up(project)
    deleted(project, DELETED | {"time": time})
    assert len(repository.runs) == 1


def test_a_repository_that_is_not_ours_is_left_alone(outside: World) -> None:
    outside.github.create_repository(DEPLOY, "mine")
    person_pushes(outside.github.repository(DEPLOY).folder, {"README.md": "# mine\n"})
    before = outside.github.state()
    assert deleted(outside)["status"] == "NOT_OURS"
    assert outside.github.state() == before


def test_a_project_without_repositories_is_not_ours(outside: World) -> None:
    assert deleted(outside)["status"] == "NOT_OURS"


def test_a_build_repository_that_went_to_another_project_is_left_alone(project: World) -> None:
    folder = project.github.repository(BUILD).folder
    other = json.dumps({"role": "build", "project": {"id": "another"}})
    person_pushes(folder, {"cicd-config.json": other})
    deleted(project)
    assert archived(project) == {BUILD: False, DEPLOY: True}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("on", ["issues/create", "repos/update"])
def test_after_a_fault_the_next_attempt_completes_it(project: World, on: str, after: bool) -> None:
    project.github.faults.add(Fault("dropped", on, times=20, after=after))
    try:
        deleted(project)
    except GitHubUnavailable:
        project.github.faults.clear()
        deleted(project)
    assert project.github.faults.happened
    assert archived(project) == {BUILD: True, DEPLOY: True}
    assert len(project.github.repository(DEPLOY).issues) == 1


NOT_OURS = {
    "refused": changed(DELETED, "detail.errorCode", "AccessDenied"),
    "another call": changed(DELETED, "detail.eventName", "CreateProject"),
    "another domain": changed(DELETED, "detail.requestParameters.domainIdentifier", "dzd_other"),
}


@pytest.mark.parametrize("case", NOT_OURS)
def test_events_that_are_not_for_us_ask_nobody(outside: World, case: str) -> None:
    assert deleted(outside, NOT_OURS[case])["status"] == "NOT_OURS"
    assert outside.github.journal.entries == []


@pytest.mark.parametrize("value", [None, "{{ 7*7 }}", "a/b"])
def test_a_malformed_event_is_refused(outside: World, value: object) -> None:
    event = changed(DELETED, "detail.requestParameters.identifier", value)
    with pytest.raises(InputError, match=r"requestParameters\.identifier"):
        deleted(outside, event)
