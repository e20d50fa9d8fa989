"""An approved package starts its project's deploy workflow: once, and only where it belongs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from generator.control.approval import NOTE, MisleadingTags, approve
from generator.control.registry import RegistryRefused, RegistryUnavailable
from generator.control.seeding import seed_build, seed_deploy
from generator.errors import InputError
from generator.github.errors import GitHubMissing, GitHubUnavailable, RepositoryArchived
from generator.repositories import seed
from generator.standins.github import Fault
from tests.control.stage import GIVEN, PROJECT
from tests.control.world import BUILD, DEPLOY, World
from tests.generator.generator_stage import CHECKOUT, content, git, small_seed

TAGS = {
    "sagemaker:project-id": PROJECT,
    "aiops:template": "regression",
    "aiops:deploy-repository": DEPLOY,
}


DEPLOY_WORKFLOW = ".github/workflows/deploy.yml"
WORKFLOW_TEXT = (CHECKOUT / "templates/shared/deploy" / DEPLOY_WORKFLOW).read_text()


@pytest.fixture
def project(outside: World) -> World:
    """A project with what counts of its deploy repository, and a group that is tagged."""
    outside.github.create_repository(DEPLOY)
    wanted = small_seed("deploy", **{DEPLOY_WORKFLOW: WORKFLOW_TEXT})
    seed(outside.ports.git().remote(DEPLOY), wanted)
    outside.registry.tags = dict(TAGS)
    return outside


def handle(world: World) -> list[dict[str, Any]]:
    """Deliver the events so far, and those that this raises, until none is left."""
    done = []
    while world.registry.events:
        done.append(world.run(approve, {"event": world.registry.events.pop(0)}))
    return done


def runs(world: World) -> list[dict[str, str]]:
    return [run.inputs for run in world.github.repository(DEPLOY).runs]


def test_an_approval_starts_the_deploy_workflow(project: World) -> None:
    arn = project.registry.register()
    project.registry.update(arn, ModelApprovalStatus="Approved")
    first, echo = handle(project)
    assert first["status"] == "DISPATCHED"
    assert (first["project_id"], first["repository"]) == (PROJECT, DEPLOY)
    assert (first["stage"], first["model_package_arn"]) == ("dev", arn)
    assert first["run"].startswith(project.config.github.git_url)
    assert echo["status"] == "ALREADY", "our own note raises the same event"
    (run,) = project.github.repository(DEPLOY).runs
    assert (run.workflow, run.ref) == (".github/workflows/deploy.yml", "main")
    assert run.inputs == {
        "model_package_arn": arn,
        "stage": "dev",
        "model_package_group": f"aiops-{PROJECT}-models",
        "version": "1",
    }


def test_a_seeded_repository_is_dispatched_and_the_run_has_the_expected_title(
    outside: World,
) -> None:
    """By its title a run is found again: the workflow and the step must not drift apart."""
    outside.run(seed_deploy, GIVEN)
    outside.registry.tags = dict(TAGS)
    arn = outside.registry.register()
    outside.registry.update(arn, ModelApprovalStatus="Approved")
    handle(outside)
    (run,) = outside.github.repository(DEPLOY).runs
    assert run.title == f"Deploy to dev · {arn}"


def test_edits_of_the_life_cycle_start_nothing_more(project: World) -> None:
    arn = project.registry.register()
    project.registry.update(arn, ModelApprovalStatus="Approved")
    handle(project)
    for status in ("InProgress", "Approved"):
        project.registry.update(arn, ModelLifeCycle={"Stage": "Test", "StageStatus": status})
        assert [done["status"] for done in handle(project)] == ["ALREADY"]
    assert len(runs(project)) == 1


def test_an_event_that_is_delivered_twice_starts_one_run(project: World) -> None:
    arn = project.registry.register()
    event = project.registry.update(arn, ModelApprovalStatus="Approved")
    project.registry.events.append(event)
    handle(project)
    assert len(runs(project)) == 1


def test_each_version_is_deployed(project: World) -> None:
    for _ in range(2):
        arn = project.registry.register()
        project.registry.update(arn, ModelApprovalStatus="Approved")
    handle(project)
    assert [run["version"] for run in runs(project)] == ["1", "2"]


def test_an_approval_after_a_rejection_counts_again(project: World) -> None:
    arn = project.registry.register()
    project.registry.update(arn, ModelApprovalStatus="Approved")
    handle(project)
    project.registry.update(arn, ModelApprovalStatus="Rejected")
    assert handle(project)[0]["status"] == "WITHDRAWN"
    project.registry.update(arn, ModelApprovalStatus="Approved")
    assert handle(project)[0]["status"] == "DISPATCHED"
    assert len(runs(project)) == 2


@pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
def test_what_is_not_approved_starts_nothing(project: World, status: str) -> None:
    arn = project.registry.register()
    project.registry.update(arn, ModelApprovalStatus=status)
    assert [done["status"] for done in handle(project)] == ["NOT_APPROVED"]
    assert runs(project) == []


def test_the_registry_counts_not_the_event(project: World) -> None:
    """Events come late and out of order: an approval that was taken back starts nothing."""
    arn = project.registry.register()
    event = project.registry.update(arn, ModelApprovalStatus="Approved")
    project.registry.update(arn, ModelApprovalStatus="Rejected")
    assert project.run(approve, {"event": event})["status"] == "NOT_APPROVED"


@pytest.mark.parametrize("stage", ["Test", "prod"])
def test_the_life_cycle_says_which_stage(project: World, stage: str) -> None:
    arn = project.registry.register(ModelLifeCycle={"Stage": stage, "StageStatus": "Approved"})
    project.registry.update(arn, ModelApprovalStatus="Approved")
    assert handle(project)[0]["stage"] == stage.lower()


@pytest.mark.parametrize("missing", ["sagemaker:project-id", "aiops:template"])
def test_a_group_that_is_not_tagged_as_ours_is_left_alone(project: World, missing: str) -> None:
    del project.registry.tags[missing]
    arn = project.registry.register()
    project.registry.update(arn, ModelApprovalStatus="Approved")
    assert [done["status"] for done in handle(project)] == ["NOT_OURS"]
    assert runs(project) == []
    assert NOTE not in project.registry.packages[arn].get("CustomerMetadataProperties", {})


def approved(world: World) -> dict[str, Any]:
    return {
        "event": world.registry.update(world.registry.register(), ModelApprovalStatus="Approved")
    }


MISLEADING: dict[str, tuple[Callable[[World], object], str]] = {
    "no repository": (
        lambda world: world.registry.tags.pop("aiops:deploy-repository"),
        "is not owner/repository; tag the group",
    ),
    "missing repository": (
        lambda world: world.registry.tags.update({"aiops:deploy-repository": "acme-ml/gone"}),
        "there is no repository acme-ml/gone",
    ),
    "another role": (
        lambda world: (
            world.run(seed_build, GIVEN),
            world.registry.tags.update({"aiops:deploy-repository": BUILD}),
        ),
        "not the deploy repository",
    ),
    "another project": (
        lambda world: world.registry.tags.update({"sagemaker:project-id": "another"}),
        "is not the deploy repository of another",
    ),
    "a template's code": (
        lambda world: world.registry.tags.update({"sagemaker:project-id": "{{ x }}"}),
        "is not a project's id",
    ),
}


@pytest.mark.parametrize("case", MISLEADING)
def test_tags_give_no_permission(project: World, case: str) -> None:
    """Whoever may tag a group must not be able to start another project's workflow."""
    change, said = MISLEADING[case]
    change(project)
    with pytest.raises(MisleadingTags, match=said):
        project.run(approve, approved(project))
    assert runs(project) == []


def test_a_failed_dispatch_raises_and_the_next_attempt_does_it(project: World) -> None:
    given = approved(project)
    project.github.faults.add(Fault("503", "actions/create-workflow-dispatch", times=20))
    with pytest.raises(GitHubUnavailable):
        project.run(approve, given)
    assert runs(project) == []
    project.github.faults.clear()
    assert project.run(approve, given)["status"] == "DISPATCHED"


def test_a_dispatch_whose_answer_was_lost_is_not_repeated(project: World) -> None:
    given = approved(project)
    fault = Fault("dropped", "actions/create-workflow-dispatch", after=True)
    project.github.faults.add(fault)
    assert project.run(approve, given)["status"] == "ALREADY"
    assert len(runs(project)) == 1


def test_a_function_that_was_killed_before_its_note_starts_no_second_run(project: World) -> None:
    given = approved(project)
    project.registry.failing["UpdateModelPackage"] = 400
    with pytest.raises(RegistryRefused):
        project.run(approve, given)
    project.registry.failing.clear()
    assert project.run(approve, given)["status"] == "ALREADY"
    assert len(runs(project)) == 1


def test_a_workflow_that_was_removed_raises(project: World) -> None:
    folder = project.github.repository(DEPLOY).folder
    project.github.repository(DEPLOY).rulesets.clear()
    work = folder.parent / "work"
    work.mkdir()
    git("clone", "--quiet", folder, ".", cwd=work)
    git("rm", "--quiet", ".github/workflows/deploy.yml", cwd=work)
    git("commit", "--quiet", "--message", "by a person", cwd=work)
    git("push", "--quiet", "origin", "HEAD:main", cwd=work, MAY_CHANGE_WORKFLOWS="1")
    with pytest.raises(GitHubMissing, match=r"deploy\.yml"):
        project.run(approve, approved(project))


def test_an_archived_repository_raises(project: World) -> None:
    project.github.repository(DEPLOY).archived = True
    with pytest.raises(RepositoryArchived, match="unarchive it"):
        project.run(approve, approved(project))


@pytest.mark.parametrize(
    ("status", "error"), {400: RegistryRefused, 500: RegistryUnavailable}.items()
)
def test_what_the_registry_refuses_is_told_apart(
    project: World, status: int, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # botocore's own pauses
    project.registry.failing["DescribeModelPackage"] = status
    with pytest.raises(error, match="DescribeModelPackage"):
        project.run(approve, approved(project))


def test_other_events_ask_nobody(project: World) -> None:
    given = approved(project)
    given["event"] |= {"detail-type": "SageMaker Endpoint State Change"}
    assert project.run(approve, given)["status"] == "NOT_OURS"
    assert project.registry.calls == []


@pytest.mark.parametrize("arn", [None, 1, "arn:aws:s3:::x", "{{ 7*7 }}"])
def test_a_malformed_event_is_refused(project: World, arn: object) -> None:
    given = approved(project)
    given["event"]["detail"]["ModelPackageArn"] = arn
    with pytest.raises(InputError, match="not the ARN of a model package"):
        project.run(approve, given)


def test_the_build_repository_tags_its_group_so(project: World) -> None:
    """The tags are made by the build repository's own code: they must be the ones that we read."""
    project.run(seed_build, GIVEN)
    folder = project.github.repository(BUILD).folder
    settings = content(folder, "mlops/settings.py")
    for tag in TAGS:
        assert f'"{tag}":' in settings
    config = json.loads(content(folder, "cicd-config.json"))
    assert config["github"]["deploy_repository"] == DEPLOY
    assert config["template"]["name"] == TAGS["aiops:template"]
