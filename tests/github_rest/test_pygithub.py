"""What we wrote to the stand-in, read by PyGithub, and the other way round: no judge of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import github
import pytest
from github import Auth, Github, GithubException

from generator.config.model import Reviewer
from generator.github.concealed import Concealed
from generator.github.dispatch import dispatch, find_run
from generator.github.environments import WantedEnvironment, ensure_environments
from generator.github.issues import open_issue
from generator.github.limits import rate_limit
from generator.github.pulls import open_pull
from generator.github.repositories import (
    WantedRepository,
    archive_repository,
    find_repository,
    own_repository,
)
from generator.github.secrets import set_secrets
from generator.github.variables import set_variables
from generator.repositories import Seed, seed

from .stage import CANARY, ORGANIZATION, PERSON, TEAM, Stage, pushed
from .test_runs import FILE, INPUTS, TITLE, WORKFLOW
from .test_tokens import APP, INSTALLATION, key_pair

NAME = f"{ORGANIZATION}/deploy"
WANTED = WantedRepository(NAME, "organization", "p1", "deploy", "Deploys", ("models",))


@pytest.fixture(params=["", "/api/v3"], ids=["github.com", "server"])
def other(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Github]:
    """PyGithub, with the same token, without its own pauses."""
    client = Github(
        base_url=f"{stage.hub.url}{request.param}",
        auth=Auth.Token(CANARY),
        seconds_between_requests=0,
        seconds_between_writes=0,
        retry=None,
    )
    yield client
    client.close()


def test_it_is_the_library_and_not_this_folder() -> None:
    assert "site-packages" in str(github.__file__)


def test_a_repository(stage: Stage, other: Github) -> None:
    own_repository(stage.api(), WANTED)
    found = other.get_repo(NAME)
    assert found.description == "Deploys (aiops-project-p1)"
    assert found.private
    assert found.get_topics() == ["aiops-project-p1", "models"]
    assert found.owner.login == ORGANIZATION
    assert not found.archived
    found.edit(archived=True)
    ours = find_repository(stage.api(), NAME)
    assert ours is not None
    assert ours.archived
    assert archive_repository(stage.api(), NAME) == ours


def test_a_repository_that_it_made(stage: Stage, other: Github) -> None:
    made = other.get_organization(ORGANIZATION).create_repo(
        "deploy", description="x (aiops-project-p1)", private=True
    )
    made.replace_topics(["models", "houses"])
    ours = own_repository(stage.api(), WANTED)
    assert ours.url == made.html_url
    assert ours.topics == ("aiops-project-p1", "houses", "models")


def test_what_a_push_left(stage: Stage, other: Github) -> None:
    from generator.files import PLAIN, File

    own_repository(stage.api(), WANTED)
    files = {"a/b.txt": File(PLAIN, "Größe".encode()), "x": File(PLAIN, b"\x00\xff")}
    done = seed(stage.base.remote(NAME), Seed("deploy", NAME, "p1", "main", files, "Add", 1))
    found = other.get_repo(NAME)
    assert found.get_branch("main").commit.sha == done.commit
    content = found.get_contents("a/b.txt")
    assert not isinstance(content, list)
    assert content.decoded_content.decode() == "Größe"
    assert content.sha
    listed = found.get_contents("a")
    assert isinstance(listed, list)
    assert [one.path for one in listed] == ["a/b.txt"]


def test_environments(stage: Stage, other: Github) -> None:
    own_repository(stage.api(), WANTED)
    reviewers = (Reviewer("team", TEAM), Reviewer("user", PERSON))
    ensure_environments(
        stage.api(), NAME, [WantedEnvironment("dev"), WantedEnvironment("prod", reviewers)]
    )
    found = {one.name: one for one in other.get_repo(NAME).get_environments()}
    assert set(found) == {"dev", "prod"}
    assert found["dev"].protection_rules == []
    (rule,) = found["prod"].protection_rules
    assert rule.reviewers is not None
    names = [getattr(one.reviewer, "login", None) or one.reviewer.slug for one in rule.reviewers]
    assert sorted(names) == [PERSON, TEAM]


def test_secrets_and_variables(stage: Stage, other: Github) -> None:
    own_repository(stage.api(), WANTED)
    set_secrets(stage.api(), NAME, {"OURS": Concealed("1")})
    set_variables(stage.api(), NAME, {"OURS": "1"})
    found = other.get_repo(NAME)
    found.create_secret("THEIRS", "2")
    found.create_variable("THEIRS", "2")
    assert {one.name for one in found.get_secrets()} == {"OURS", "THEIRS"}
    assert {one.name: one.value for one in found.get_variables()} == {"OURS": "1", "THEIRS": "2"}
    opened = stage.hub.state_of(NAME)["secrets"]
    assert opened["THEIRS"] == hashlib.sha256(b"2").hexdigest()
    assert set_variables(stage.api(), NAME, {"THEIRS": "2"}) == ()


def test_pull_requests_and_issues(stage: Stage, other: Github) -> None:
    own_repository(stage.api(), WANTED)
    pushed(stage, NAME, {"README.md": "theirs"})
    pushed(stage, NAME, {"x": "ours"}, branch="aiops/seed")
    ours = open_pull(stage.api(), NAME, "aiops/seed", "main", "Add our files", "Why")
    found = other.get_repo(NAME)
    (pull,) = found.get_pulls()
    assert ours is not None
    assert (pull.number, pull.html_url, pull.head.ref) == (ours.number, ours.url, "aiops/seed")
    with pytest.raises(GithubException, match="A pull request already exists"):
        found.create_pull(base="main", head="aiops/seed", title="Again")
    issue = found.create_issue("Clean up", body="Why")
    assert open_issue(stage.api(), NAME, "Clean up", "Why").number == issue.number
    assert [one.title for one in found.get_issues() if not one.pull_request] == ["Clean up"]


def test_runs(stage: Stage, other: Github) -> None:
    own_repository(stage.api(), WANTED)
    pushed(stage, NAME, {FILE: WORKFLOW})
    ours = dispatch(stage.api(), NAME, "deploy.yml", "main", INPUTS)
    workflow = other.get_repo(NAME).get_workflow("deploy.yml")
    (run,) = workflow.get_runs()
    assert (run.id, run.display_title, run.html_url) == (ours.id, TITLE, ours.url)
    assert workflow.create_dispatch("main", {**INPUTS, "stage": "dev"})
    assert not workflow.create_dispatch("main", {"stage": "dev"})
    dev = find_run(stage.api(), NAME, "deploy.yml", TITLE.replace("prod", "dev"), None)
    assert dev is not None
    assert other.get_repo(NAME).get_workflow_run(dev.id or 0).event == "workflow_dispatch"


def test_rulesets_and_limits(stage: Stage, other: Github) -> None:
    from generator.github.protection import NAME as RULESET
    from generator.github.protection import protect_default_branch

    own_repository(stage.api(), WANTED)
    protect_default_branch(stage.api(), NAME)
    _, listed = other.requester.requestJsonAndCheck("GET", f"/repos/{NAME}/rulesets")
    assert [one["name"] for one in listed] == [RULESET]
    assert other.get_rate_limit().rate.remaining == rate_limit(stage.api()).remaining


def test_an_app(stage: Stage, other: Github) -> None:
    stage.hub.now = __import__("time").time  # PyGithub's claim has the time of this machine
    stage.hub.add_app(APP, key_pair()[1], {INSTALLATION: ORGANIZATION})
    stage.hub.create_repository(NAME)
    signed = Auth.AppAuth(APP, key_pair()[0]).get_installation_auth(INSTALLATION)
    base = str(other.requester.base_url)
    client = Github(base_url=base, auth=signed, retry=None)
    assert client.get_repo(NAME).full_name == NAME
    assert signed.token.startswith("ghs_")
    with pytest.raises(GithubException, match="not accessible by integration"):
        assert client.get_user().login
    client.close()
