"""Build and deploy as folders of one repository: from the first commit to the project's end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.config.model import Reviewer
from generator.control import by_hand
from generator.control.approval import MisleadingTags, approve
from generator.control.commands import create_by_hand
from generator.control.deletion import delete
from generator.control.seeding import seed_build, seed_deploy
from generator.github.errors import GitHubUnavailable, RepositoryArchived, RepositoryForeign
from generator.repositories import OtherLayout, RepositoryTaken
from generator.standins.github import Fault
from tests.control.stage import DOMAIN, GIVEN, PROJECT, configuration
from tests.control.test_deletion import DELETED
from tests.control.world import BUILD, DEPLOY, PAGER, SECRET_ARN, TOKEN, World
from tests.generator.generator_stage import content, git, history, paths, person_pushes

IDS = {"project_id": PROJECT, "domain_id": DOMAIN}


@pytest.fixture
def one(outside: World) -> World:
    """The world, configured for one repository with two folders."""
    outside.configure(repo_layout="monorepo")
    return outside


def both(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    return world.run(seed_build, GIVEN), world.run(seed_deploy, GIVEN)


def folder(world: World) -> Path:
    return world.github.repository(BUILD).folder


def test_both_folders_are_one_commit_of_the_repository_that_is_there(one: World) -> None:
    build, deploy = both(one)
    assert (build["role"], build["repository"], build["state"]) == ("project", BUILD, "created")
    assert (deploy["role"], deploy["repository"], deploy["state"]) == (
        "project",
        BUILD,
        "unchanged",
    )
    assert deploy["commit"] == build["commit"] == git("rev-parse", "main", cwd=folder(one))
    assert history(folder(one)) == [build["commit"]]
    assert set(one.github.state()) == {BUILD}, "no deploy repository is made"
    found = paths(folder(one))
    assert {"README.md", "build/Makefile", "deploy/Makefile"} <= found
    workflows = {Path(path).name for path in found if path.startswith(".github/workflows/")}
    assert workflows == {"build-checks.yml", "deploy-checks.yml", "pipeline.yml", "deploy.yml"}
    assert not [path for path in found if path.startswith(("build/.github", "deploy/.github"))]


def test_both_configurations_name_the_one_repository(one: World) -> None:
    both(one)
    for role in ("build", "deploy"):
        config = json.loads(content(folder(one), f"{role}/cicd-config.json"))
        assert config["role"] == role
        assert config["template"]["answers"]["repo_layout"] == "monorepo"
        assert config["github"]["build_repository"] == BUILD
        assert config["github"]["deploy_repository"] == BUILD


def test_it_is_set_up_as_a_deploy_repository(one: World) -> None:
    one.github.add_account("octocat", "User")
    one.configure(
        reviewers={"prod": (Reviewer("user", "octocat"),)},
        secrets={"PAGER_WEBHOOK": SECRET_ARN},
        topics=("aiops",),
    )
    _, deploy = both(one)
    found = one.github.repository(BUILD)
    assert deploy["notes"] == []
    assert set(found.environments) == {"dev", "test", "prod"}
    assert {kind for kind, _ in found.environments["prod"].reviewers} == {"User"}
    assert found.vault.secrets == {"PAGER_WEBHOOK": PAGER}
    assert [ruleset["name"] for ruleset in found.rulesets] == ["aiops: default branch"]
    assert {"aiops", f"aiops-project-{PROJECT}"} <= set(found.topics)


def test_a_second_run_changes_nothing(one: World) -> None:
    first = both(one)
    before = one.github.state()
    second = both(one)
    assert [done["state"] for done in second] == ["unchanged", "unchanged"]
    assert [done["commit"] for done in second] == [done["commit"] for done in first]
    assert one.github.state() == before


def test_the_second_step_alone_fills_it_too(one: World) -> None:
    deploy = one.run(seed_deploy, GIVEN)
    assert (deploy["state"], deploy["repository"]) == ("created", BUILD)
    assert one.run(seed_build, GIVEN)["state"] == "unchanged"


def test_files_of_a_person_stay_and_a_pull_request_brings_ours(one: World) -> None:
    commit = person_pushes(folder(one), {"build/Makefile": "mine:\n", "notes.md": "mine\n"})
    build, deploy = both(one)
    (pull,) = one.github.repository(BUILD).pulls
    for done in (build, deploy):
        assert (done["state"], done["branch"]) == ("branch", "aiops/seed")
        assert done["pull_request"].endswith(f"/{BUILD}/pull/{pull.number}")
    assert "build/Makefile" in pull.body
    assert history(folder(one)) == [commit]
    assert content(folder(one), "build/Makefile") == "mine:"
    one.github.merge(BUILD, pull.number)
    assert [done["state"] for done in both(one)] == ["unchanged", "unchanged"]


def test_a_file_of_a_person_beside_the_folders_is_kept(one: World) -> None:
    person_pushes(folder(one), {"start.ipynb": "{}"})
    build, _ = both(one)
    assert (build["state"], build["branch"]) == ("updated", "main")
    assert "start.ipynb" in paths(folder(one))


@pytest.mark.parametrize(("made", "wanted"), [("separate", "monorepo"), ("monorepo", "separate")])
def test_the_arrangement_of_a_project_is_not_changed_under_it(
    outside: World, made: Any, wanted: Any
) -> None:
    outside.configure(repo_layout=made)
    both(outside)
    outside.configure(repo_layout=wanted)
    before = outside.github.state()
    with pytest.raises(OtherLayout, match="set repo_layout back"):
        outside.run(seed_build, GIVEN)
    assert outside.github.state() == before


def test_another_projects_repository_is_a_clear_stop(one: World) -> None:
    other = json.dumps({"role": "build", "project": {"id": "another"}})
    person_pushes(folder(one), {"build/cicd-config.json": other})
    before = one.github.state()
    with pytest.raises(RepositoryTaken, match="project 'another'"):
        one.run(seed_build, GIVEN)
    with pytest.raises(RepositoryForeign, match="project 'another'"):
        one.run(seed_deploy, GIVEN)
    assert one.github.state() == before


def test_an_archived_repository_is_a_clear_stop(one: World) -> None:
    both(one)
    one.github.repository(BUILD).archived = True
    with pytest.raises(RepositoryArchived, match="unarchive it"):
        one.run(seed_deploy, GIVEN)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "on", ["git/receive-pack", "repos/replace-all-topics", "repos/create-or-update-environment"]
)
def test_one_more_run_after_a_fault_equals_an_undisturbed_one(
    one: World, on: str, after: bool
) -> None:
    one.github.faults.add(Fault("dropped", on, times=6, after=after, seconds=1))
    try:
        both(one)
    except Exception as error:
        assert type(error).__name__ in {"GitHubUnavailable", "RemoteUnavailable"}
    assert one.github.faults.happened
    one.github.faults.clear()
    both(one)
    state = one.github.state()[BUILD]
    assert set(state["environments"]) == {"dev", "test", "prod"}
    assert list(state["heads"]) == ["main"]
    assert state["rulesets"] == ["aiops: default branch"]
    assert len(history(folder(one))) == 1


def tagged(world: World) -> str:
    """A version in the project's group, tagged as its build folder tags it, and approved."""
    config = json.loads(content(folder(world), "build/cicd-config.json"))
    world.registry.tags = {
        "sagemaker:project-id": config["project"]["id"],
        "aiops:template": config["template"]["name"],
        "aiops:deploy-repository": config["github"]["deploy_repository"],
    }
    arn = world.registry.register()
    world.registry.update(arn, ModelApprovalStatus="Approved")
    return arn


def test_an_approval_starts_the_deploy_workflow_there(one: World) -> None:
    both(one)
    arn = tagged(one)
    first = one.run(approve, {"event": one.registry.events.pop(0)})
    assert (first["status"], first["repository"], first["stage"]) == ("DISPATCHED", BUILD, "dev")
    (run,) = one.github.repository(BUILD).runs
    assert (run.workflow, run.ref) == (".github/workflows/deploy.yml", "main")
    assert run.inputs["model_package_arn"] == arn
    assert run.title == f"Deploy to dev · {arn}"


def test_a_build_repository_without_a_deploy_folder_is_not_dispatched(outside: World) -> None:
    outside.run(seed_build, GIVEN)
    outside.registry.tags = {
        "sagemaker:project-id": PROJECT,
        "aiops:template": "regression",
        "aiops:deploy-repository": BUILD,
    }
    outside.registry.update(outside.registry.register(), ModelApprovalStatus="Approved")
    with pytest.raises(MisleadingTags, match="is not the deploy repository"):
        outside.run(approve, {"event": outside.registry.events.pop(0)})


def test_a_deleted_projects_repository_is_archived_once(one: World) -> None:
    both(one)
    done = one.run(delete, {"event": DELETED})
    assert done["status"] == "DONE"
    assert done["repositories"] == [{"name": BUILD, "state": "archived"}]
    assert one.github.repository(BUILD).archived
    (issue,) = one.github.repository(BUILD).issues
    assert done["issue"].endswith(f"/{BUILD}/issues/{issue.number}")
    before = one.github.state()
    assert one.run(delete, {"event": DELETED})["status"] == "DONE"
    assert one.github.state() == before


def test_a_stranger_with_our_topic_is_left_alone(one: World) -> None:
    both(one)
    one.github.repository(BUILD).topics = []
    stranger = one.github.create_repository("acme-ml/stranger")
    stranger.topics = [f"aiops-project-{PROJECT}"]
    person_pushes(stranger.folder, {"README.md": "# mine\n"})
    before = one.github.state()
    assert one.run(delete, {"event": DELETED})["status"] == "NOT_OURS"
    assert one.github.state() == before


def test_a_deletion_that_failed_is_completed_by_the_next(one: World) -> None:
    both(one)
    one.github.faults.add(Fault("dropped", "repos/update", times=20))
    with pytest.raises(GitHubUnavailable):
        one.run(delete, {"event": DELETED})
    one.github.faults.clear()
    one.run(delete, {"event": DELETED})
    assert one.github.repository(BUILD).archived
    assert len(one.github.repository(BUILD).issues) == 1


def test_a_dry_run_tells_of_one_repository(one: World) -> None:
    before = one.github.state()
    found = by_hand.preview(IDS, one.ports)
    for role in ("build", "deploy"):
        assert (found[role]["role"], found[role]["repository"]) == ("project", BUILD)
        assert found[role]["exists"]
    assert found["build"]["files"] > 100
    assert found["deploy"]["environments"] == {"dev": [], "test": [], "prod": []}
    assert "environments" not in found["build"]
    assert one.github.state() == before
    assert DEPLOY not in json.dumps(found)


def test_the_command_says_that_it_is_one_repository(
    one: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = one.config.github.git_url
    configuration(tmp_path, 'repo_layout = "monorepo"\n', api=home, web=home)
    monkeypatch.setenv("AIOPS_GIT_TOKEN", TOKEN)
    create_by_hand(dict(IDS), tmp_path / "aiops.toml", dry_run=True, as_json=False)
    out = capsys.readouterr().out
    assert out.count(f"  {BUILD}\n") == 2
    assert out.count("files: ") == 1
    assert "environments: dev: nobody" in out
