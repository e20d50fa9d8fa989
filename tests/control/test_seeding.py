"""The steps that fill the repositories: right, repeatable, and never over a person's work."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from generator.catalog import Catalog, plain
from generator.config.model import Reviewer
from generator.control.seeding import UnsupportedLayout, seed_build, seed_deploy
from generator.datazone import IncompleteProject
from generator.github.errors import GitHubRefused, RepositoryArchived, RepositoryForeign
from generator.repositories import RepositoryTaken
from generator.standins.github import Fault
from tests.control.stage import GIVEN, PROJECT
from tests.control.world import BUILD, DEPLOY, PAGER, SECRET_ARN, World
from tests.generator.generator_stage import content, git, history, paths, person_pushes


def both(outside: World) -> tuple[dict[str, Any], dict[str, Any]]:
    return outside.run(seed_build, GIVEN), outside.run(seed_deploy, GIVEN)


def folder(outside: World, name: str) -> Any:
    return outside.github.repository(name).folder


def test_both_repositories_are_filled(outside: World) -> None:
    build, deploy = both(outside)
    for done, name in ((build, BUILD), (deploy, DEPLOY)):
        assert set(done) == {
            "role", "repository", "url", "state", "branch", "commit", "tree", "pull_request",
            "missing", "notes",
        }  # fmt: skip
        assert (done["repository"], done["state"], done["branch"]) == (name, "created", "main")
        assert done["url"] == f"{outside.config.github.git_url}/{name}"
        assert git("rev-parse", "main", cwd=folder(outside, name)) == done["commit"]
        assert done["pull_request"] is None
        assert "stages.prod.account_id" in done["missing"]
        assert json.loads(json.dumps(done)) == done


def test_the_deploy_repository_is_made_and_set_up(outside: World) -> None:
    outside.github.add_account("octocat", "User")
    team = outside.github.add_team("acme-ml", "governance")
    outside.configure(
        reviewers={"prod": (Reviewer("team", "governance"), Reviewer("user", "octocat"))},
        secrets={"PAGER_WEBHOOK": SECRET_ARN},
        topics=("aiops",),
    )
    deploy = outside.run(seed_deploy, GIVEN)
    found = outside.github.repository(DEPLOY)
    assert deploy["notes"] == []
    assert found.private
    assert f"aiops-project-{PROJECT}" in (found.description or "")
    assert {"aiops", f"aiops-project-{PROJECT}"} <= set(found.topics)
    assert set(found.environments) == {"dev", "test", "prod"}
    assert found.environments["dev"].reviewers == []
    assert {kind for kind, _ in found.environments["prod"].reviewers} == {"Team", "User"}
    assert ("Team", team.id) in found.environments["prod"].reviewers
    assert found.vault.secrets == {"PAGER_WEBHOOK": PAGER}
    assert [ruleset["name"] for ruleset in found.rulesets] == ["aiops: default branch"]


def test_a_second_run_changes_nothing(outside: World) -> None:
    outside.configure(secrets={"PAGER_WEBHOOK": SECRET_ARN})
    first = both(outside)
    before = outside.github.state()
    second = both(outside)
    assert [done["state"] for done in second] == ["unchanged", "unchanged"]
    assert [done["commit"] for done in second] == [done["commit"] for done in first]
    assert outside.github.state() == before


def test_what_a_plan_does_not_offer_is_named_and_does_not_stop_it(outside: World) -> None:
    outside.github.account("acme-ml").plan = "free"
    outside.github.add_account("octocat", "User")
    outside.configure(reviewers={"prod": (Reviewer("user", "octocat"),)})
    deploy = outside.run(seed_deploy, GIVEN)
    assert deploy["state"] == "created"
    assert any("prod" in note for note in deploy["notes"])
    assert any("default branch is not protected" in note for note in deploy["notes"])


def test_files_of_a_person_stay_and_a_pull_request_brings_ours(outside: World) -> None:
    theirs = {"README.md": "# mine, and long\n\nVery.\n\nReally.\n", "Makefile": "all:\n\ttrue\n"}
    commit = person_pushes(folder(outside, BUILD), theirs)
    build = outside.run(seed_build, GIVEN)
    assert (build["state"], build["branch"]) == ("branch", "aiops/seed")
    (pull,) = outside.github.repository(BUILD).pulls
    assert build["pull_request"].endswith(f"/{BUILD}/pull/{pull.number}")
    assert "Makefile" in pull.body
    assert history(folder(outside, BUILD)) == [commit]
    again = outside.run(seed_build, GIVEN)
    assert again["pull_request"] == build["pull_request"]
    assert len(outside.github.repository(BUILD).pulls) == 1


def test_a_pull_request_that_was_merged_makes_the_project_complete(outside: World) -> None:
    person_pushes(folder(outside, BUILD), {"start.ipynb": "{}"})
    outside.github.repository(BUILD).rulesets.append(_protecting())
    build = outside.run(seed_build, GIVEN)
    assert build["state"] == "branch"
    outside.github.merge(BUILD, outside.github.repository(BUILD).pulls[0].number)
    again = outside.run(seed_build, GIVEN)
    assert (again["state"], again["branch"], again["pull_request"]) == ("unchanged", "main", None)
    assert "start.ipynb" in paths(folder(outside, BUILD))


def _protecting() -> dict[str, Any]:
    return {
        "id": 1,
        "name": "by a person",
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": [{"type": "pull_request", "parameters": {}}],
    }


def test_a_repository_of_somebody_else_is_a_clear_stop(outside: World) -> None:
    outside.github.create_repository(DEPLOY, "mine")
    person_pushes(folder(outside, DEPLOY), {"README.md": "# mine\n"})
    before = outside.github.state()
    with pytest.raises(RepositoryForeign, match="is not ours"):
        outside.run(seed_deploy, GIVEN)
    assert outside.github.state() == before


def test_another_projects_build_repository_is_a_clear_stop(outside: World) -> None:
    other = json.dumps({"role": "build", "project": {"id": "another"}})
    person_pushes(folder(outside, BUILD), {"cicd-config.json": other})
    before = outside.github.state()
    with pytest.raises(RepositoryTaken, match="project 'another'"):
        outside.run(seed_build, GIVEN)
    assert outside.github.state() == before


def test_an_archived_repository_is_a_clear_stop(outside: World) -> None:
    both(outside)
    outside.github.repository(DEPLOY).archived = True
    with pytest.raises(RepositoryArchived, match="unarchive it"):
        outside.run(seed_deploy, GIVEN)


def test_a_renamed_deploy_repository_is_gone_on_with(outside: World) -> None:
    both(outside)
    outside.github.rename(DEPLOY, "house-prices-deploy")
    deploy = outside.run(seed_deploy, GIVEN)
    assert (deploy["repository"], deploy["state"]) == ("acme-ml/house-prices-deploy", "unchanged")


def test_a_missing_required_fact_stops_before_anything_is_made(outside: World) -> None:
    outside.datazone.records.provision(0, userRoleArn=None)
    for connection in outside.datazone.records.connections:
        for endpoint in connection["physicalEndpoints"]:
            endpoint["awsLocation"].pop("accessRole", None)
    before = outside.github.state()
    for step in (seed_build, seed_deploy):
        with pytest.raises(IncompleteProject, match="has no role"):
            outside.run(step, GIVEN)
    assert outside.github.state() == before


def test_missing_optional_facts_are_named(outside: World) -> None:
    outside.datazone.records.connections.clear()
    assert "mlflow.tracking_arn" in outside.run(seed_build, GIVEN)["missing"]


def test_the_configuration_reaches_the_files(outside: World) -> None:
    outside.configure(deploy_repository="{project_id}-live")
    assert outside.run(seed_deploy, GIVEN)["repository"] == f"acme-ml/{PROJECT}-live"
    config = json.loads(content(folder(outside, f"acme-ml/{PROJECT}-live"), "cicd-config.json"))
    assert config["github"]["deploy_repository"] == f"acme-ml/{PROJECT}-live"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", ["dropped", "echo"])
@pytest.mark.parametrize(
    "on", ["repos/create-in-org", "repos/create-or-update-environment", "git/receive-pack"]
)
def test_one_more_run_after_a_fault_equals_an_undisturbed_one(
    outside: World, on: str, kind: Any, after: bool
) -> None:
    outside.run(seed_build, GIVEN)
    outside.github.faults.add(Fault(kind, on, times=6, after=after, seconds=1))
    try:
        outside.run(seed_deploy, GIVEN)
    except Exception as error:
        assert type(error).__name__ in {
            "GitHubUnavailable",
            "GitHubRateLimited",
            "RemoteUnavailable",
        }
    assert outside.github.faults.happened
    outside.github.faults.clear()
    outside.run(seed_deploy, GIVEN)
    state = outside.github.state()[DEPLOY]
    assert set(state["environments"]) == {"dev", "test", "prod"}
    assert list(state["heads"]) == ["main"]
    assert state["rulesets"] == ["aiops: default branch"]
    assert len(history(folder(outside, DEPLOY))) == 1
    assert len(outside.github.state()) == 2


def test_a_token_without_permissions_is_named(outside: World) -> None:
    outside.github.tokens[outside.token].permissions = {"metadata": "read", "contents": "read"}
    with pytest.raises(GitHubRefused):
        outside.run(seed_deploy, GIVEN)


def test_an_arrangement_that_the_template_lacks_is_a_clear_stop(outside: World) -> None:
    known = outside.ports.catalog().named("regression")
    asked = tuple(question for question in known.questions if question.name != "repo_layout")
    older = replace(known, questions=asked)
    catalog = Catalog((older,), {plain(profile): older for profile in older.profiles})
    outside.configure(repo_layout="monorepo")
    before = outside.github.state()
    with pytest.raises(UnsupportedLayout, match="'monorepo': the template regression"):
        seed_build(GIVEN, replace(outside.ports, catalog=lambda: catalog))
    assert outside.github.state() == before
