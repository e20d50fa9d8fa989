"""What a project costs on GitHub: requests, and what counts against its limit of 500 an hour."""

from __future__ import annotations

import json

import pytest

from generator.commits import CONFIG
from generator.config.model import Reviewer
from generator.files import PLAIN, File
from generator.github.environments import WantedEnvironment, ensure_environments
from generator.github.protection import protect_default_branch
from generator.github.repositories import WantedRepository, own_repository
from generator.github.reviewers import identify
from generator.github.transport import Api
from generator.repositories import Seed, seed
from generator.standins.github.journal import Entry

from .stage import ORGANIZATION, TEAM, Stage

BUILD, DEPLOY = f"{ORGANIZATION}/houses", f"{ORGANIZATION}/p1-dzd_1-deploy-repo"
GOVERNANCE = Reviewer("team", TEAM)
STAGES = [
    WantedEnvironment("dev"),
    WantedEnvironment("test"),
    WantedEnvironment("prod", (GOVERNANCE,)),
]


def filled(role: str, name: str) -> Seed:
    configuration = json.dumps({"role": role, "project": {"id": "p1"}}).encode()
    return Seed(role, name, "p1", "main", {CONFIG: File(PLAIN, configuration)}, "Add", 1)


def project(stage: Stage, api: Api) -> None:
    """Everything that a project gets, in the order in which the control plane does it."""
    team = identify(api, ORGANIZATION, GOVERNANCE)
    seed(stage.base.remote(BUILD), filled("build", BUILD))
    wanted = WantedRepository(
        DEPLOY, "organization", "p1", "deploy", "Deploys", ("models",), team_id=team.id
    )
    own_repository(api, wanted)
    seed(stage.base.remote(DEPLOY), filled("deploy", DEPLOY))
    ensure_environments(api, DEPLOY, STAGES)
    protect_default_branch(api, DEPLOY)


def spent(stage: Stage, api: Api) -> list[Entry]:
    before = len(stage.hub.journal.entries)
    project(stage, api)
    return stage.hub.journal.entries[before:]


def test_a_new_project(stage: Stage) -> None:
    stage.hub.create_repository(BUILD)
    requests = spent(stage, stage.api())
    # The repository and its mark, two pushes, three environments.
    assert [one.operation for one in requests if one.creates_content] == [
        "git/receive-pack",
        "repos/create-in-org",
        "git/receive-pack",
        *["repos/create-or-update-environment"] * 3,
    ]
    assert [one.operation for one in requests if one.changes and not one.creates_content] == [
        "repos/replace-all-topics",
        "repos/create-repo-ruleset",
    ]
    assert len(requests) <= 16
    assert stage.hub.journal.hasty() == []


def test_a_project_that_stands_costs_a_few_looks(stage: Stage) -> None:
    stage.hub.create_repository(BUILD)
    api = stage.api()
    project(stage, api)
    before = stage.hub.state()
    requests = spent(stage, api)
    assert [one for one in requests if one.changes] == []
    assert stage.hub.state() == before


@pytest.mark.parametrize("times", [2])
def test_one_process_looks_a_team_up_once(stage: Stage, times: int) -> None:
    api = stage.api()
    for _ in range(times):
        identify(api, ORGANIZATION, GOVERNANCE)
    assert api.tally.requests == 1
