"""Whose a repository is: created with our mark, found again, never taken from somebody else."""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from generator.commits import CONFIG
from generator.github import ownership
from generator.github.errors import (
    GitHubInvalid,
    GitHubRefused,
    RepositoryArchived,
    RepositoryForeign,
)
from generator.github.repositories import (
    WantedRepository,
    archive_repository,
    find_repository,
    own_repository,
)

from .stage import ORGANIZATION, PERSON, Stage, pushed

PROJECT = "c1d2e3f4g5h6i7"
NAME = f"{ORGANIZATION}/{PROJECT}-dzd_4q7x2m9k1b3c5d-deploy-repo"
WANTED = WantedRepository(
    name=NAME,
    owner_kind="organization",
    project_id=PROJECT,
    role="deploy",
    description="Deploys the models of House prices",
    topics=("machine-learning",),
)


def configuration(role: str = "deploy", project: str = PROJECT) -> dict[str, str]:
    return {CONFIG: json.dumps({"role": role, "project": {"id": project}})}


def test_a_missing_repository_is_created(stage: Stage) -> None:
    own_repository(stage.api(), WANTED)
    made = stage.hub.state()[NAME]
    assert made["private"] is True
    assert made["description"] == (f"Deploys the models of House prices (aiops-project-{PROJECT})")
    assert made["topics"] == [f"aiops-project-{PROJECT}", "machine-learning"]
    assert made["heads"] == {}
    assert made["settings"]["has_wiki"] is False


def test_creating_costs_one_creating_call_and_one_for_the_topics(stage: Stage) -> None:
    asked = stage.asked(lambda: own_repository(stage.api(), WANTED))
    assert asked == ["repos/get", "repos/create-in-org", "repos/replace-all-topics"]


def test_the_second_time_nothing_is_changed(stage: Stage) -> None:
    first = own_repository(stage.api(), WANTED)
    asked = stage.asked(lambda: own_repository(stage.api(), WANTED))
    # Nothing was pushed: neither the root nor the folder of a monorepo says whose it is.
    assert asked == ["repos/get", "repos/get-content", "repos/get-content"]
    assert own_repository(stage.api(), WANTED) == first


def test_on_an_enterprise_server_it_is_the_same(stage: Stage) -> None:
    own_repository(stage.api(stage.server), WANTED)
    targets = [entry.target for entry in stage.hub.journal.entries]
    assert all(target.startswith("/api/v3/") for target in targets)
    assert NAME in stage.hub.state()


def test_a_run_that_was_cut_off_after_creating_knows_it_again(stage: Stage) -> None:
    description = ownership.description("Ours", PROJECT)
    stage.hub.create_repository(NAME, description)
    assert own_repository(stage.api(), WANTED).description == description
    assert stage.hub.state()[NAME]["topics"] == [f"aiops-project-{PROJECT}", "machine-learning"]


def test_what_carries_our_configuration_is_ours_whatever_its_description(stage: Stage) -> None:
    stage.hub.create_repository(NAME, "Written by a person")
    pushed(stage, NAME, configuration())
    assert own_repository(stage.api(), WANTED).description == "Written by a person"


def test_what_a_bot_pushed_into_our_new_repository_does_not_make_it_foreign(stage: Stage) -> None:
    stage.hub.create_repository(NAME, ownership.description("Ours", PROJECT))
    pushed(stage, NAME, {"CODEOWNERS": "* @acme-ml/governance\n"})
    assert own_repository(stage.api(), WANTED).name == NAME


def test_peoples_topics_stay(stage: Stage) -> None:
    stage.hub.create_repository(NAME, ownership.description("Ours", PROJECT)).topics = ["houses"]
    own_repository(stage.api(), WANTED)
    assert "houses" in stage.hub.state()[NAME]["topics"]


FOREIGN = {
    "empty, without a mark": (None, {}, "neither a cicd-config.json"),
    "with somebody's files": ("Somebody's", {"README.md": "Hello"}, "neither a cicd-config.json"),
    "marked for another project": ("x (aiops-project-other)", {}, "neither a cicd-config.json"),
    "marked for a longer id": (f"(aiops-project-{PROJECT}x)", {}, "neither a cicd-config.json"),
    "of another project": (
        f"(aiops-project-{PROJECT})",
        configuration(project="other"),
        "is the 'deploy' repository of project 'other'",
    ),
    "of another role": (None, configuration("build"), "is the 'build' repository of project"),
    "with a broken configuration": (None, {CONFIG: "{"}, "neither a cicd-config.json"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_somebody_elses_repository_stops_the_run(stage: Stage, case: str) -> None:
    description, files, said = FOREIGN[case]
    stage.hub.create_repository(NAME, description)
    if files:
        pushed(stage, NAME, files)
    before = stage.hub.state()
    with pytest.raises(RepositoryForeign, match=said):
        own_repository(stage.api(), WANTED)
    assert stage.hub.state() == before


def test_a_renamed_repository_is_followed(stage: Stage) -> None:
    own_repository(stage.api(), WANTED)
    stage.hub.rename(NAME, "houses-deploy")
    assert own_repository(stage.api(), WANTED).name == f"{ORGANIZATION}/houses-deploy"
    assert len(stage.hub.repositories) == 1


def test_an_archived_repository_stops_the_run(stage: Stage) -> None:
    own_repository(stage.api(), WANTED)
    archive_repository(stage.api(), NAME)
    with pytest.raises(RepositoryArchived, match="unarchive it"):
        own_repository(stage.api(), WANTED)


def test_archiving_happens_once(stage: Stage) -> None:
    own_repository(stage.api(), WANTED)
    assert stage.asked(lambda: archive_repository(stage.api(), NAME))[-1] == "repos/update"
    assert stage.hub.state()[NAME]["archived"]
    assert stage.asked(lambda: archive_repository(stage.api(), NAME)) == ["repos/get"]
    assert archive_repository(stage.api(), f"{ORGANIZATION}/gone") is None


def test_many_at_once_make_one(stage: Stage) -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: own_repository(stage.api(), WANTED), range(6)))
    assert len({repository.name for repository in made}) == 1
    assert len(stage.hub.repositories) == 1
    created = [one for one in stage.hub.journal.entries if one.operation == "repos/create-in-org"]
    assert [one.status for one in created].count(201) == 1


def test_a_team_can_read_from_the_start(stage: Stage) -> None:
    team = stage.hub.account(ORGANIZATION).teams["governance"]
    own_repository(stage.api(), dataclasses.replace(WANTED, team_id=team.id))
    assert stage.hub.state()[NAME]["readers"] == ["governance"]


def test_a_person_has_repositories_too(stage: Stage) -> None:
    name = f"{PERSON}/deploy"
    wanted = dataclasses.replace(WANTED, name=name, owner_kind="user")
    assert own_repository(stage.api(), wanted).name == name
    assert stage.hub.state()[name]["private"] is True


def test_a_token_of_another_person_is_told(stage: Stage) -> None:
    stage.hub.add_account("bob", "User")
    wanted = dataclasses.replace(WANTED, name="bob/deploy", owner_kind="user")
    with pytest.raises(GitHubRefused, match="the token belongs to 'ann', who cannot create"):
        own_repository(stage.api(), wanted)


def test_a_person_taken_for_an_organization_is_told(stage: Stage) -> None:
    wanted = dataclasses.replace(WANTED, name=f"{PERSON}/deploy")
    with pytest.raises(GitHubInvalid, match="ann is no organization"):
        own_repository(stage.api(), wanted)


def test_a_token_that_may_not_create_is_told_what_it_needs(stage: Stage) -> None:
    api = stage.with_permissions(administration="read")
    with pytest.raises(GitHubRefused, match="administration=write"):
        own_repository(api, WANTED)
    assert stage.hub.repositories == {}


LONG = "Prévision des prix\nder Häuser " * 30
DESCRIPTIONS = {
    "Plain": f"Plain (aiops-project-{PROJECT})",
    "Two\nlines\t\x00": f"Two lines (aiops-project-{PROJECT})",
    "": f"(aiops-project-{PROJECT})",
}


@pytest.mark.parametrize("text", DESCRIPTIONS)
def test_descriptions(text: str) -> None:
    assert ownership.description(text, PROJECT) == DESCRIPTIONS[text]


def test_names_at_the_limits(stage: Stage) -> None:
    project = "Ab_" + "x" * 33
    wanted = dataclasses.replace(
        WANTED, name=f"{ORGANIZATION}/{'n' * 100}", project_id=project, description=LONG
    )
    made = own_repository(stage.api(), wanted)
    assert made.description is not None
    assert len(made.description) == 350
    assert own_repository(stage.api(), wanted) == made
    assert find_repository(stage.api(), wanted.name) == made


def test_topics_of_two_projects_differ() -> None:
    projects = ["a_b", "a-b", "A-b", "a-B", "x" * 36, "X" + "x" * 35, "_" * 36]
    topics = [ownership.topic(project) for project in projects]
    assert len(set(topics)) == len(projects)
    assert all(len(topic) <= 50 for topic in topics)
