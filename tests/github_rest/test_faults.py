"""Every call x every fault: the next run ends where an undisturbed one ends, with nothing twice.

A row is one piece of work on a repository of its own. It is played once undisturbed, which tells
which calls it makes; then each of these goes wrong in each way. What it raises must be worth a
repetition; then it is played again, as a redrive does, with a new process's knowledge.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from generator.config.model import Reviewer
from generator.errors import GeneratorError
from generator.files import PLAIN, File
from generator.github.app import AppTokens, app_key
from generator.github.concealed import Concealed
from generator.github.dispatch import dispatch
from generator.github.environments import WantedEnvironment, ensure_environments
from generator.github.errors import GitHubRateLimited, GitHubUnavailable
from generator.github.http import Http
from generator.github.issues import open_issue
from generator.github.protection import protect_default_branch
from generator.github.pulls import open_pull
from generator.github.repositories import WantedRepository, archive_repository, own_repository
from generator.github.secrets import set_secrets
from generator.github.transport import Api
from generator.github.variables import set_variables
from generator.remotes import git_base
from generator.repositories import Seed, seed
from generator.standins.github import Fault
from generator.standins.github.faults import Kind

from .stage import (
    CANARY,
    ORGANIZATION,
    PERSON,
    START,
    TEAM,
    Stage,
    everything_said,
    no_secret,
    pushed,
)
from .test_runs import FILE, INPUTS, TITLE, WORKFLOW
from .test_tokens import APP, INSTALLATION, key_pair

SILENCE = 0.15
SECRET = "canary-of-a-secret"
PROJECT = "p1"
MODEL = f"{ORGANIZATION}/with-branches"


def owned(stage: Stage, api: Api, name: str) -> None:
    own_repository(
        api, WantedRepository(name, "organization", PROJECT, "deploy", "Ours", ("models",))
    )


def furnished(stage: Stage, api: Api, name: str) -> None:
    reviewers = (Reviewer("team", TEAM), Reviewer("user", PERSON))
    wanted = [WantedEnvironment("dev"), WantedEnvironment("prod", reviewers)]
    ensure_environments(api, name, wanted)


def protected(stage: Stage, api: Api, name: str) -> None:
    protect_default_branch(api, name)


def entrusted(stage: Stage, api: Api, name: str) -> None:
    set_secrets(api, name, {"KEY": Concealed(SECRET)})


def configured(stage: Stage, api: Api, name: str) -> None:
    set_variables(api, name, {"NEW": "1", "OLD": "2"})


def offered(stage: Stage, api: Api, name: str) -> None:
    open_pull(api, name, "aiops/seed", "main", "Add our files", "Why")


def started(stage: Stage, api: Api, name: str) -> None:
    since = datetime.fromtimestamp(START, UTC)
    dispatch(api, name, "deploy.yml", "main", INPUTS, title=TITLE, since=since)


def started_on_a_server(stage: Stage, api: Api, name: str) -> None:
    started(stage, stage.api(stage.server, read=api_seconds(api)), name)


def complained(stage: Stage, api: Api, name: str) -> None:
    open_issue(api, name, "Clean up", "The project was deleted.")


def archived(stage: Stage, api: Api, name: str) -> None:
    archive_repository(api, name)


def signed(stage: Stage, api: Api, name: str) -> None:
    key = app_key(Concealed(APP), Concealed(str(INSTALLATION)), Concealed(key_pair()[0]))
    http = Http(read=api_seconds(api))
    tokens = AppTokens(key, stage.place, http=http, clock=stage.clock)
    set_variables(Api(stage.place, tokens, http=http, clock=stage.clock), name, {"NEW": "1"})


def filled(stage: Stage, api: Api, name: str) -> None:
    wanted = Seed("deploy", name, PROJECT, "main", {"x": File(PLAIN, b"x")}, "Add x", 1)
    seed(git_base(stage.hub.url, lambda: CANARY).remote(name), wanted)


def api_seconds(api: Api) -> float:
    return api._http._seconds[1]


@dataclass(frozen=True)
class Row:
    """A piece of work. given: what must be there before; `over_git` is not ours to repeat.

    only: the start of the calls that count here, others being in other rows.
    """

    work: Callable[[Stage, Api, str], None]
    given: tuple[str, ...] = ("repository",)
    only: str = ""
    over_git: bool = False


ROWS = {
    "own": Row(owned, ()),
    "environments": Row(furnished),
    "protection": Row(protected),
    "secrets": Row(entrusted),
    "variables": Row(configured, ("repository", "variable")),
    "pull request": Row(offered, ("repository", "branches")),
    "dispatch": Row(started, ("repository", "branches")),
    "dispatch on a server": Row(started_on_a_server, ("repository", "branches")),
    "issue": Row(complained),
    "archive": Row(archived),
    "token": Row(signed, only="apps/"),
    "push": Row(filled, over_git=True),
}
BEFORE: tuple[Kind, ...] = (
    "timeout", "dropped", "refused", "500", "401", "primary", "throttled", "secondary",
    "unannounced", "echo", "garbage",
)  # fmt: skip
AFTER: tuple[Kind, ...] = ("timeout", "dropped", "502", "echo", "garbage")
FAULTS = [(kind, False) for kind in BEFORE] + [(kind, True) for kind in AFTER]
numbers = itertools.count()


def prepared(stage: Stage, row: Row) -> str:
    """Make a repository of its own for one play, with what is `given`; return its name."""
    name = f"{ORGANIZATION}/r{next(numbers)}"
    if "repository" in row.given:
        stage.hub.create_repository(name, f"Ours (aiops-project-{PROJECT})")
    if "variable" in row.given:
        stage.hub.repository(name).vault.variables["OLD"] = "1"
    if "branches" in row.given:
        # Nothing is pushed in these rows: they look at the same git repository.
        stage.hub.repository(name).place = stage.hub.repository(MODEL).folder
    return name


def ended(stage: Stage, name: str) -> dict[str, Any]:
    """What became of a repository, but for when commits were made."""
    found = stage.hub.state_of(name)
    return {member: value for member, value in found.items() if member != "heads"}


@pytest.fixture(autouse=True, scope="module")
def app(shared: Stage) -> Iterator[None]:
    shared.hub.add_app(APP, key_pair()[1], {INSTALLATION: ORGANIZATION})
    shared.hub.create_repository(MODEL)
    pushed(shared, MODEL, {FILE: WORKFLOW})
    pushed(shared, MODEL, {"x": "ours"}, branch="aiops/seed")
    yield
    assert shared.hub.traces(SECRET, in_commits=False) == []


@pytest.mark.parametrize(("kind", "after"), FAULTS, ids=lambda value: str(value))
@pytest.mark.parametrize("case", ROWS)
def test_convergence(
    shared: Stage, case: str, kind: Kind, after: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    stage, row = shared, ROWS[case]
    undisturbed = prepared(stage, row)
    before = len(stage.hub.journal.entries)
    row.work(stage, stage.api(), undisturbed)
    wanted = ended(stage, undisturbed)
    # A call that only looks is the same whether it went wrong before or after.
    disturbed = {
        entry.operation
        for entry in stage.hub.journal.entries[before:]
        if entry.operation.startswith(row.only) and not (after and entry.method == "GET")
    }
    assert disturbed
    for call in sorted(disturbed):
        name = prepared(stage, row)
        stage.hub.faults.add(Fault(kind, call, after=after, seconds=SILENCE * 1.5))
        raised = played(stage, row, name, SILENCE if kind == "timeout" else 10)
        assert stage.hub.faults.happened[-1] == (kind, call)
        if raised and not row.over_git:
            assert isinstance(raised, GitHubUnavailable | GitHubRateLimited)
        while not stage.hub.is_listening():
            stage.hub.keep_silent(0.01)
        assert played(stage, row, name, 10) is None
        assert ended(stage, name) == wanted
    assert stage.hub.failures == []
    no_secret(caplog.text)


def played(stage: Stage, row: Row, name: str, seconds: float) -> GeneratorError | None:
    """Do the work as a new process; return what it raised, if it did."""
    try:
        row.work(stage, stage.api(read=seconds), name)
    except GeneratorError as error:
        no_secret(everything_said(error))
        no_secret(everything_said(error), SECRET)
        return error
    return None
