"""Names at the limits of what DataZone and GitHub allow go the whole way, and come out apart."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.configuration import ORGANIZATION
from tests.faults.evidence import outcome
from tests.faults.projects import event_of, records
from tests.faults.stage import Stage
from tests.faults.standing import stage
from tests.generator.generator_stage import content, person_pushes

LONGEST = 36
DOMAIN = f"dzd_{'d' * 30}-_x0-_"


@dataclass(frozen=True)
class Named:
    """A project's id, its name, and what its repositories call it."""

    project: str
    name: str
    called: str


CASES = {
    "underscores and hyphens": Named(("_-" * 18)[:LONGEST], "House prices", "House prices"),
    "capital letters": Named("A" * LONGEST, "House prices", "House prices"),
    "one letter": Named("a", "x", "x"),
    "digits": Named("0" * LONGEST, "2026", "2026"),
    "the longest name": Named("p" * LONGEST, "n" * 64, "n" * 64),
    "accents": Named(
        "p1-accents", "Prévision des ventes à Zürich", "Prevision des ventes a Zurich"
    ),
    "another script": Named("p2-script", "房价预测", "Fang Jie Yu Ce"),
    "spaces and dashes": Named("p3-dashes", "  a -  b_c ", "a - b_c"),
    # The longest one of a script whose letters each become several.
    "letters that grow": Named("p4-grow", "щ" * 64, ("shch" * 64)[:64]),
    "nothing that stays": Named("p5-nothing", "_-_", "Project p5-nothing"),
}


def prepared(on: Stage, case: Named) -> object:
    """Let the domain have this one project only."""
    event = event_of(case.project, "build", DOMAIN)
    kept = on.datazone.records
    new = records(event, case.name, 1)
    kept.project, kept.profile = new.project, new.profile
    kept.environments, kept.connections = new.environments, new.connections
    person_pushes(on.hub.create_repository(f"{ORGANIZATION}/build").folder, {"notes.md": "x"})
    return event


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_whole_way(case: Named, tmp_path: Path) -> None:
    assert len(case.project) <= LONGEST
    with stage(tmp_path, DOMAIN) as on:
        event = prepared(on, case)
        done = on.told(on.machine.start(event, "first"))
        assert done.status == "SUCCEEDED", (done.error, done.cause)
        before = outcome(on)["repositories"]
        assert on.machine.start(event, "second").status == "SUCCEEDED"
        assert outcome(on)["repositories"] == before
        assert [*on.hub.failures, *on.hub.complaints, *on.datazone.failures] == []

        deploy = f"{ORGANIZATION}/{case.project}-{DOMAIN}-deploy-repo"
        assert set(before) == {f"{ORGANIZATION}/build", deploy, "acme-ml/house-prices-build"}
        for name in (f"{ORGANIZATION}/build", deploy):
            config = json.loads(content(on.hub.repository(name).folder, "cicd-config.json"))
            assert config["project"]["id"] == case.project
            assert config["project"]["name"] == case.called
        assert len(on.notices[0]["Subject"]) <= 100
        assert on.notices[0]["Subject"].isascii()


def test_ids_that_differ_in_case_or_by_a_hyphen_only_have_repositories_of_their_own(
    tmp_path: Path,
) -> None:
    """GitHub's names know no case, and topics no underscore: neither may mix up two projects."""
    with stage(tmp_path, DOMAIN) as on:
        first = Named("ab_c", "One", "One")
        assert on.machine.start(prepared(on, first), "first").status == "SUCCEEDED"
        before = on.hub.state()
        for number, project in enumerate(("ab-c", "AB_C")):
            event = event_of(project, f"build-{number}", DOMAIN)
            new = records(event, "Two", 2 + number)
            on.datazone.others.append(new)
            on.hub.create_repository(f"{ORGANIZATION}/build-{number}")
            done = on.machine.start(event, project)
            if project == "ab-c":
                assert done.status == "SUCCEEDED", done.cause
            else:
                # On GitHub that name is taken: a clear stop, and nothing is mixed up.
                assert done.error == "RepositoryForeign"
        after = on.hub.state()
        assert {name: after[name] for name in before} == before
