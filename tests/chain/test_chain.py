"""The control plane as it is deployed, from an event to a deployed model, and what can go wrong.

The scenes follow one another on one stage; each later one begins with what the first has made.
"""

from __future__ import annotations

import time

import pytest
from workflows.act import run_workflow
from workflows.places import Place

from tests.chain.approval import approve_and_tell, register, tell
from tests.chain.creation import Created, rendered_trees
from tests.chain.emulator import waited
from tests.chain.github import made_by_unified_studio
from tests.chain.permissions import without
from tests.chain.projects import BROKEN, CHATBOT, CHURN, HOUSES
from tests.chain.secrecy import everything_written, places_with, secrets_of
from tests.chain.stage import GOVERNANCE, PAGER, SHARED, Stage
from tests.generator.generator_stage import DOMAIN, git

pytestmark = pytest.mark.xdist_group("chain")


def test_the_stacks_are_deployed(standing: Stage) -> None:
    """The stacks of `make synth`, deployed"""
    accounts = {name: stack.account for name, stack in standing.stacks.items()}
    assert accounts["aiops-control-plane"] == accounts["aiops-approval"] == SHARED
    assert accounts["aiops-governance"] == GOVERNANCE
    identities = [name for name in accounts if name.startswith("aiops-github-identity")]
    assert sorted(accounts[name] for name in identities) == [SHARED, "444455556666", "555566667777"]


def test_a_project_gets_its_repositories(
    created: Created, standing: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user creates a project; it gets its two repositories"""
    execution = created.execution
    assert execution.status == "SUCCEEDED", execution.told
    assert execution.visited[-6:] == (
        "Judge", "SeedBuild", "SeedDeploy", "Record", "Notify", "Done",
    )  # fmt: skip
    assert "Pause" in execution.visited
    for name, value in standing.datazone.environment.items():
        monkeypatch.setenv(name, value)
    trees = rendered_trees(HOUSES, standing, standing.folder / "rendered")
    for role, name in (("build", HOUSES.build), ("deploy", HOUSES.deploy)):
        told = execution.output[role]
        assert told["repository"] == name
        assert told["url"] == f"{standing.github.url}/{name}"
        assert standing.github.state_of(name)["trees"] == {"main": trees[role]}
        assert standing.github.state_of(name)["heads"] == {"main": told["commit"]}
        standing.say(f"{name}: tree {trees[role][:12]}, the same as rendered on this machine")
    assert git("rev-list", "--count", "HEAD", cwd=created.build) == "2", (
        "on top of the first commit"
    )


def test_the_deploy_repository_is_set_up(created: Created, standing: Stage) -> None:
    """GitHub is set up: environments, reviewers, a ruleset, one sealed secret"""
    state = standing.github.state_of(HOUSES.deploy)
    assert state["private"] is True
    assert set(state["topics"]) >= {"aiops", f"aiops-project-{HOUSES.id}"}
    assert set(state["environments"]) == {"dev", "test", "prod"}
    assert state["environments"]["prod"]["reviewers"] == ["acme-ml/governance"]
    assert len(state["rulesets"]) == 1
    assert list(state["secrets"]) == ["PAGER_WEBHOOK"]
    assert standing.github.repository(HOUSES.deploy).vault.secrets["PAGER_WEBHOOK"] == PAGER
    assert standing.github.failures == standing.github.complaints == []
    changing = len(standing.github.journal.changing())
    standing.say(f"{len(standing.github.journal.entries)} requests, {changing} of them changes")


def test_people_and_other_systems_are_told(created: Created, standing: Stage) -> None:
    """People are notified, and the bus records that the project is seeded"""
    notification = standing.notifications.next()
    assert notification["Subject"] == f"AIOps: project {HOUSES.id} has its repositories"
    assert f"{standing.github.url}/{HOUSES.deploy}" in notification["Message"]
    standing.say(f"SNS: {notification['Subject']}")
    announced = standing.announcements.next()
    assert announced["detail-type"] == "AIOps Project Seeded"
    assert announced["detail"]["execution"] == created.execution.arn
    assert announced["detail"]["deploy"] == created.execution.output["deploy"]
    standing.say(f"EventBridge: {announced['detail-type']}, with both repositories")


def test_the_same_event_again_changes_nothing(created: Created, standing: Stage) -> None:
    """The same event comes a second time; nothing changes"""
    before = standing.github.state()
    standing.put(HOUSES.created, GOVERNANCE)
    again = standing.seeding.ended(standing.seeding.started())
    assert again.status == "SUCCEEDED"
    assert [again.output[role]["commit"] for role in ("build", "deploy")] == [
        created.execution.output[role]["commit"] for role in ("build", "deploy")
    ]
    assert standing.github.state() == before
    standing.notifications.next()
    standing.announcements.next()
    standing.say(f"{again.status}: every branch, setting and secret is as before")


def test_the_pushed_build_workflow_runs(created: Created, standing: Stage) -> None:
    """The pushed workflow of the build repository runs"""
    ran = run_workflow(
        Place(created.build, "build", ""), "pipeline.yml", "push", standing.folder / "act-build",
        scenario={"run": [{"writes": {".local/last_run.json": "{}"}}]},
    )  # fmt: skip
    assert ran.jobs == {"plan": "success", "checks": "success", "execute": "success"}, ran.log
    assert ran.commands()[-1].startswith("make deploy")
    (role,) = ran.action("configure-aws-credentials")
    wanted = f"arn:aws:iam::{SHARED}:role/aiops/{HOUSES.id}-dev-build"
    assert role.inputs["role-to-assume"] == wanted
    standing.say(f"{', '.join(ran.jobs)} succeeded; the pipeline is deployed with {wanted}")


def test_an_approval_deploys_once(created: Created, standing: Stage) -> None:
    """A model is registered and approved; its deployment runs, once"""
    arn = register(created, standing)
    assert standing.github.repository(HOUSES.deploy).runs == []
    approval = approve_and_tell(arn, created, standing)
    (run,) = standing.github.repository(HOUSES.deploy).runs
    assert run.inputs == {
        "model_package_arn": arn,
        "stage": "dev",
        "model_package_group": f"aiops-{HOUSES.id}-models",
        "version": "1",
    }
    standing.say(f"workflow_dispatch: {run.title}")
    asked = len(standing.registry.calls)
    tell(approval, standing)
    assert len(standing.registry.calls) > asked
    assert standing.github.repository(HOUSES.deploy).runs == [run]
    standing.say("the same event again dispatches nothing")
    assert standing.registry.failures == []
    ran = run_workflow(
        Place(created.deploy, "deploy", ""), "deploy.yml", "workflow_dispatch",
        standing.folder / "act-deploy", inputs=run.inputs, scenario={"current": [{"prints": ""}]},
    )  # fmt: skip
    assert ran.jobs == {"plan": "success", "deploy": "success"}, ran.log
    assert f"make deploy STAGE=dev MODEL_PACKAGE_ARN={arn}" in ran.commands("deploy")
    standing.say(f"{', '.join(ran.jobs)} succeeded: make deploy with {arn.rpartition(':')[2]}")


def test_a_failed_project_ends_at_once(standing: Stage) -> None:
    """A project cannot be set up; the execution fails at once and people are told"""
    standing.stand(BROKEN.created, BROKEN.name, BROKEN.profile)
    details = standing.datazone.records.project["environmentDeploymentDetails"]
    details["overallDeploymentStatus"] = "FAILED_DEPLOYMENT"
    started = time.monotonic()
    standing.put(BROKEN.created, GOVERNANCE)
    failed = standing.seeding.ended(standing.seeding.started())
    assert time.monotonic() - started < 20
    assert failed.status == "FAILED"
    assert "FAILED_DEPLOYMENT" in failed.cause
    assert "Pause" not in failed.visited
    notification = standing.notifications.next()
    assert notification["Subject"] == f"AIOps: project {BROKEN.id} needs you"
    for wanted in ("FAILED_DEPLOYMENT", f"aiops create --project {BROKEN.id} --domain {DOMAIN}"):
        assert wanted in notification["Message"]
    assert BROKEN.deploy not in standing.github.repositories
    standing.say(f"{failed.error} after {time.monotonic() - started:.1f} s; SNS: "
                 f"{notification['Subject']}")  # fmt: skip


def test_a_project_of_another_kind_is_left_alone(standing: Stage) -> None:
    """A refused call starts nothing; a project of another profile ends without an alarm"""
    executions, requests = standing.seeding.arns(), len(standing.github.journal.entries)
    failures = standing.telling.arns()
    standing.put(CHATBOT.refused, GOVERNANCE)
    standing.stand(CHATBOT.created, CHATBOT.name, CHATBOT.profile)
    standing.put(CHATBOT.created, GOVERNANCE)
    ended = standing.seeding.ended(standing.seeding.started())
    assert ended.status == "SUCCEEDED"
    assert ended.visited[-1] == "NotOurs"
    assert CHATBOT.profile in ended.output["reason"]
    assert len(standing.seeding.arns()) == len(executions) + 1
    assert len(standing.github.journal.entries) == requests
    assert standing.telling.arns() == failures
    assert standing.notifications.poll() is None
    assert standing.announcements.poll() is None
    standing.say(f"NotOurs: {ended.output['reason']}")


def test_an_event_goes_only_where_its_rule_may_send_it(standing: Stage) -> None:
    """A rule's role loses its permission; the event does not cross to the shared services"""
    executions = standing.seeding.arns()
    with without("events:PutEvents", standing, "aiops-governance", "ForwardingRole"):
        standing.put(CHATBOT.created, GOVERNANCE)
        refusal = "is not authorized to perform: events:PutEvents"
        waited("it is refused", lambda: refusal in standing.emulator.log.read_text() or None, 10)
    assert standing.seeding.arns() == executions
    standing.say(f"the service's role {refusal}")


def test_a_role_may_do_no_more_than_it_is_allowed(standing: Stage) -> None:
    """A role loses a permission; the step fails, is mended and redriven"""
    made_by_unified_studio(standing.github, CHURN.build)
    standing.stand(CHURN.created, CHURN.name, CHURN.profile)
    secrets = "secretsmanager:GetSecretValue"
    with without(secrets, standing, "aiops-control-plane", "SeedDeployRole"):
        standing.put(CHURN.created, GOVERNANCE)
        failed = standing.seeding.ended(standing.seeding.started())
    assert failed.status == "FAILED", failed.told
    assert "AccessDenied" in failed.cause
    notification = standing.notifications.next()
    assert secrets in notification["Message"]
    standing.say(f"{failed.error} in {failed.visited[-1]}; SNS: {notification['Subject']}")
    assert f"redrive-execution --execution-arn {failed.arn}" in notification["Message"]
    before, requests = standing.github.state_of(CHURN.build), len(standing.github.journal.entries)
    standing.seeding.redrive(failed.arn)
    done = standing.seeding.ended(failed.arn)
    assert done.status == "SUCCEEDED", done.told
    resumed = done.visited[len(failed.visited) :]
    assert resumed == ("Start", "SeedDeploy", "Record", "Notify", "Done"), "the build is not redone"
    assert standing.github.state_of(CHURN.build) == before
    touched = [entry.target for entry in standing.github.journal.entries[requests:]]
    assert not any(CHURN.build in target for target in touched)
    state = standing.github.state_of(CHURN.deploy)
    assert list(state["secrets"]) == ["PAGER_WEBHOOK"]
    assert len(state["environments"]) == 3
    commits = git(
        "rev-list", "--count", "main", cwd=standing.github.repository(CHURN.deploy).folder
    )
    assert commits == "1"
    standing.notifications.next()
    standing.announcements.next()
    standing.say(f"redriven with the permission: {' > '.join(resumed[1:])}; nothing is there twice")


def test_a_deleted_project_is_archived(created: Created, standing: Stage) -> None:
    """The project is deleted; its repositories are archived, and an issue says what remains"""
    standing.put(HOUSES.deleted, GOVERNANCE)
    deploy = standing.github.repository(HOUSES.deploy)
    build = standing.github.repository(HOUSES.build)
    waited("both are archived", lambda: (deploy.archived and build.archived) or None)
    (issue,) = deploy.issues
    assert HOUSES.id in issue.title
    standing.say(f"archived; the issue in {HOUSES.deploy}: {issue.title}")


def test_no_secret_is_found_anywhere(created: Created, standing: Stage) -> None:
    """Every log, history, message, file and repository is searched for the secrets"""
    written = everything_written(standing)
    for kind in ("log", "execution", "message", "process", "file"):
        # The search itself is tried with something that each of them has.
        assert any(HOUSES.id in text for found, _, text in written if found == kind), kind
    assert places_with([HOUSES.id], [], standing), "requests and git are searched too"
    secrets = secrets_of(standing)
    assert len(secrets) >= 5, "the key, a token of each function, a copied secret"
    assert places_with(secrets, written, standing) == []
    assert not standing.emulator.attempts_outside.exists(), "somebody looked for another machine"
    standing.say(f"{len(secrets)} secrets in {len(written)} places: none found")
