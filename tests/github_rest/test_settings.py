"""What a repository gets beside its files: environments, rules, secrets, variables, issues."""

from __future__ import annotations

import hashlib

import pytest

from generator.config.model import Reviewer
from generator.github.concealed import Concealed
from generator.github.environments import WantedEnvironment, ensure_environments
from generator.github.errors import GitHubInvalid, GitHubMissing, GitHubRefused, UnknownReviewer
from generator.github.issues import open_issue
from generator.github.limits import rate_limit
from generator.github.protection import NAME as RULESET
from generator.github.protection import protect_default_branch
from generator.github.pulls import open_pull
from generator.github.reviewers import identify
from generator.github.secrets import set_secrets
from generator.github.variables import set_variables
from generator.repositories import Seed, seed
from generator.standins.github.state import Environment, Issue

from .stage import CANARY, ORGANIZATION, PERSON, TEAM, Stage, no_secret, pushed

NAME = f"{ORGANIZATION}/deploy"
STAGES = (
    WantedEnvironment("dev"),
    WantedEnvironment("test"),
    WantedEnvironment("prod", (Reviewer("team", TEAM), Reviewer("user", PERSON))),
)
PUT = "repos/create-or-update-environment"


@pytest.fixture(autouse=True)
def repository(stage: Stage) -> None:
    stage.hub.create_repository(NAME)


def let_team_read(stage: Stage) -> None:
    team = stage.hub.account(ORGANIZATION).teams[TEAM]
    stage.hub.repository(NAME).readers.add(team.id)


def test_environments_cost_one_call_each(stage: Stage) -> None:
    let_team_read(stage)
    api = stage.api()
    asked = stage.asked(lambda: ensure_environments(api, NAME, STAGES))
    assert [one for one in asked if one == PUT] == [PUT] * 3
    assert [one for one in asked if one != PUT] == [
        "repos/get-all-environments",
        "teams/get-by-name",
        "users/get-by-username",
    ]
    found = stage.hub.state()[NAME]["environments"]
    assert found["prod"]["reviewers"] == [f"{ORGANIZATION}/{TEAM}", PERSON]
    assert found["dev"]["reviewers"] == found["test"]["reviewers"] == []


def test_environments_that_are_there_cost_nothing(stage: Stage) -> None:
    ensure_environments(stage.api(), NAME, STAGES)
    before = stage.hub.state()
    api = stage.api()
    done = ensure_environments(api, NAME, STAGES)
    assert [one.state for one in done] == ["unchanged"] * 3
    assert api.tally.changes == 0
    assert stage.hub.state() == before


def test_reviewers_are_looked_up_once_per_process(stage: Stage) -> None:
    api = stage.api()
    ensure_environments(api, NAME, STAGES)
    other = f"{ORGANIZATION}/other"
    stage.hub.create_repository(other)
    assert "teams/get-by-name" not in stage.asked(lambda: ensure_environments(api, other, STAGES))


def test_a_team_that_cannot_read_is_let_in(stage: Stage) -> None:
    done = ensure_environments(stage.api(), NAME, STAGES)
    assert [one.note for one in done] == [None] * 3
    assert stage.hub.state()[NAME]["readers"] == [TEAM]
    assert stage.hub.state()[NAME]["environments"]["prod"]["reviewers"] == [
        f"{ORGANIZATION}/{TEAM}",
        PERSON,
    ]


def test_a_person_who_cannot_read_is_reported(stage: Stage) -> None:
    stage.hub.strangers.add(PERSON)
    (done,) = ensure_environments(stage.api(), NAME, STAGES[2:])
    assert done.note == f"user {PERSON} cannot review prod: give them read access to {NAME}"


def test_what_people_set_stays(stage: Stage) -> None:
    bob = stage.hub.add_account("bob", "User")
    stage.hub.repository(NAME).environments["prod"] = Environment(
        1,
        "Prod",
        reviewers=[("User", bob.id)],
        wait_timer=30,
        prevent_self_review=True,
        branch_policy={"protected_branches": True, "custom_branch_policies": False},
    )
    (done,) = ensure_environments(stage.api(), NAME, STAGES[2:])
    assert done.state == "updated"
    found = stage.hub.repository(NAME).environments["prod"]
    assert len(found.reviewers) == 3
    assert ("User", bob.id) in found.reviewers
    assert (found.wait_timer, found.prevent_self_review) == (30, True)
    assert found.branch_policy == {"protected_branches": True, "custom_branch_policies": False}


def test_too_many_reviewers_are_reported(stage: Stage) -> None:
    people = [stage.hub.add_account(f"p{number}", "User") for number in range(6)]
    reviewers = [("User", person.id) for person in people]
    stage.hub.repository(NAME).environments["prod"] = Environment(1, "prod", reviewers)
    (done,) = ensure_environments(stage.api(), NAME, STAGES[2:])
    assert (done.state, "6 reviewers are the most" in str(done.note)) == ("unchanged", True)


@pytest.mark.parametrize("plan", ["free", "team"])
def test_a_plan_without_reviewers_is_reported(stage: Stage, plan: str) -> None:
    stage.hub.account(ORGANIZATION).plan = plan  # type: ignore[assignment]
    for _ in range(2):
        done = ensure_environments(stage.api(), NAME, STAGES)
        assert [bool(one.note) for one in done] == [False, False, True]
        assert "prod deploys without an approval" in str(done[2].note)
    assert set(stage.hub.state()[NAME]["environments"]) == {"dev", "test", "prod"}


UNKNOWN = {
    Reviewer("team", "nobodies"): "acme-ml has no team 'nobodies'",
    Reviewer("user", "nobody"): "no user 'nobody'",
    Reviewer("user", ORGANIZATION): "no user 'acme-ml'",
}


@pytest.mark.parametrize("reviewer", UNKNOWN)
def test_unknown_reviewers_stop_before_anything_is_made(stage: Stage, reviewer: Reviewer) -> None:
    with pytest.raises(UnknownReviewer, match=UNKNOWN[reviewer]):
        ensure_environments(stage.api(), NAME, [WantedEnvironment("prod", (reviewer,))])
    assert stage.hub.state()[NAME]["environments"] == {}


def test_a_token_that_may_not_see_teams_is_told(stage: Stage) -> None:
    with pytest.raises(GitHubRefused, match="members=read"):
        identify(stage.with_permissions(members=None), ORGANIZATION, Reviewer("team", TEAM))


def test_self_review_can_be_prevented(stage: Stage) -> None:
    wanted = WantedEnvironment("prod", (Reviewer("user", PERSON),), prevent_self_review=True)
    ensure_environments(stage.api(), NAME, [wanted])
    assert stage.hub.state()[NAME]["environments"]["prod"]["prevent_self_review"] is True


def test_the_default_branch_is_protected_once(stage: Stage) -> None:
    assert protect_default_branch(stage.api(), NAME).state == "created"
    assert protect_default_branch(stage.api(), NAME).state == "unchanged"
    assert stage.hub.state()[NAME]["rulesets"] == [RULESET]
    (ruleset,) = stage.hub.repository(NAME).rulesets
    assert {rule["type"] for rule in ruleset["rules"]} == {
        "deletion",
        "non_fast_forward",
        "pull_request",
    }


def test_a_protected_branch_takes_our_files_by_pull_request(stage: Stage) -> None:
    from generator.files import PLAIN, File

    pushed(stage, NAME, {"notes.txt": "mine"})
    protect_default_branch(stage.api(), NAME)
    wanted = Seed("deploy", NAME, "p", "main", {"x": File(PLAIN, b"x")}, "Add x", 1)
    done = seed(stage.base.remote(NAME), wanted)
    assert (done.state, done.branch) == ("branch", "aiops/seed")
    assert "pull request" in str(done.note) or "main does not take our push" in str(done.note)
    pull = open_pull(stage.api(), NAME, done.branch, "main", "Add our files", "Why")
    assert pull is not None
    stage.hub.merge(NAME, pull.number)
    assert set(stage.hub.state()[NAME]["heads"]) == {"main", "aiops/seed"}


def test_a_plan_without_rulesets_is_reported(stage: Stage) -> None:
    stage.hub.account(ORGANIZATION).plan = "free"
    done = protect_default_branch(stage.api(), NAME)
    assert done.state == "unavailable"
    assert "Upgrade to GitHub Pro" in str(done.note)


def test_a_token_that_may_not_protect_is_no_matter_of_plans(stage: Stage) -> None:
    with pytest.raises(GitHubRefused, match="administration=write"):
        protect_default_branch(stage.with_permissions(administration="read"), NAME)


@pytest.mark.parametrize("environment", [None, "prod"])
def test_secrets_arrive_and_are_seen_nowhere(stage: Stage, environment: str | None) -> None:
    if environment:
        ensure_environments(stage.api(), NAME, [WantedEnvironment(environment)])
    canary = "canary-secret-7f6e5d4c"
    values = {"B_KEY": Concealed("b"), "A_KEY": Concealed(canary)}
    assert set_secrets(stage.api(), NAME, values, environment) == ("A_KEY", "B_KEY")
    found = stage.hub.state()[NAME]
    vault = found["environments"]["prod"] if environment else found
    assert vault["secrets"]["A_KEY"] == hashlib.sha256(canary.encode()).hexdigest()
    assert stage.hub.traces(canary) == []
    set_secrets(stage.api(), NAME, {"A_KEY": Concealed("changed")}, environment)
    assert stage.hub.state()[NAME] != found


def test_no_secrets_cost_nothing(stage: Stage) -> None:
    assert stage.asked(lambda: set_secrets(stage.api(), NAME, {})) == []
    assert stage.asked(lambda: set_variables(stage.api(), NAME, {})) == []


@pytest.mark.parametrize("name", ["GITHUB_KEY", "1KEY", "A-B"])
def test_names_that_github_does_not_take(stage: Stage, name: str) -> None:
    with pytest.raises(GitHubInvalid, match="Names are made of") as raised:
        set_secrets(stage.api(), NAME, {name: Concealed("canary-secret")})
    no_secret(str(raised.value), "canary-secret")
    with pytest.raises(GitHubInvalid, match="Names are made of"):
        set_variables(stage.api(), NAME, {name: "x"})


@pytest.mark.parametrize("environment", [None, "prod"])
def test_variables_are_written_when_they_differ(stage: Stage, environment: str | None) -> None:
    if environment:
        ensure_environments(stage.api(), NAME, [WantedEnvironment(environment)])
    api = stage.api()
    assert set_variables(api, NAME, {"a": "1", "B": "2"}, environment) == ("B", "A")
    assert set_variables(api, NAME, {"a": "1", "B": "2"}, environment) == ()
    asked = stage.asked(lambda: set_variables(api, NAME, {"a": "1", "B": "3"}, environment))
    assert [one.split("-")[0] for one in asked] == ["actions/list", "actions/update"]
    found = stage.hub.state()[NAME]
    vault = found["environments"]["prod"] if environment else found
    assert vault["variables"] == {"A": "1", "B": "3"}


def test_a_pull_request_is_opened_once(stage: Stage) -> None:
    pushed(stage, NAME, {"README.md": "theirs"})
    pushed(stage, NAME, {"x": "ours"}, branch="aiops/seed")
    api = stage.api()
    first = open_pull(api, NAME, "aiops/seed", "main", "Add our files", "Why")
    assert first is not None
    assert first.state == "open"
    assert open_pull(api, NAME, "aiops/seed", "main", "Another title", "") == first
    stage.hub.repository(NAME).pulls[0].state = "closed"
    again = open_pull(api, NAME, "aiops/seed", "main", "Add our files", "Why")
    assert again is not None
    assert (again.number, again.state) == (first.number, "closed")
    assert len(stage.hub.state()[NAME]["pulls"]) == 1


def test_a_merged_pull_request_is_known(stage: Stage) -> None:
    pushed(stage, NAME, {"README.md": "theirs"})
    pushed(stage, NAME, {"x": "ours"}, branch="aiops/seed")
    first = open_pull(stage.api(), NAME, "aiops/seed", "main", "Add our files", "")
    assert first is not None
    stage.hub.merge(NAME, first.number)
    again = open_pull(stage.api(), NAME, "aiops/seed", "main", "Add our files", "")
    assert again is not None
    assert again.state == "merged"


def test_a_branch_that_brings_nothing_opens_nothing(stage: Stage) -> None:
    pushed(stage, NAME, {"README.md": "theirs"})
    folder = stage.hub.repository(NAME).folder
    from generator.standins.github import git

    git.git(folder, "branch", "aiops/seed", "main")
    assert open_pull(stage.api(), NAME, "aiops/seed", "main", "Add our files", "") is None


def test_a_branch_that_is_missing_is_told(stage: Stage) -> None:
    pushed(stage, NAME, {"README.md": "theirs"})
    with pytest.raises(GitHubInvalid, match="head: invalid"):
        open_pull(stage.api(), NAME, "aiops/seed", "main", "Add our files", "")


def test_an_issue_is_opened_once_even_if_people_closed_it(stage: Stage) -> None:
    api, issues = stage.api(), stage.hub.repository(NAME).issues
    first = open_issue(api, NAME, "Clean up", "The project was deleted.")
    issues[0].state = "closed"
    issues.extend(Issue(number, f"Another {number}", "") for number in range(2, 150))
    assert open_issue(api, NAME, "Clean up", "The project was deleted.") == first
    assert open_issue(api, NAME, "Clean", "").number == 150


def test_an_issue_where_there_are_none_or_no_more(stage: Stage) -> None:
    repository = stage.hub.repository(NAME)
    repository.archived = True
    with pytest.raises(GitHubRefused, match="archived so is read-only"):
        open_issue(stage.api(), NAME, "Clean up", "")
    repository.archived = False
    repository.settings["has_issues"] = False
    with pytest.raises(GitHubMissing, match="Issues are disabled"):
        open_issue(stage.api(), NAME, "Clean up", "")


def test_what_is_left_of_the_limit(stage: Stage) -> None:
    api = stage.api()
    api.get(f"/repos/{NAME}")
    left = rate_limit(api)
    assert (left.limit, left.remaining) == (5000, 4999)
    assert left.resets_at == int(stage.clock.now()) + 3600
    assert api.tally.left is not None
    assert api.tally.left.remaining == 4999
    assert CANARY not in repr(api.tally)
