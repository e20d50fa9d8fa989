"""More projects than one: their events, what DataZone has of them, their repositories."""

from __future__ import annotations

from typing import Any

from generator.request import parse
from generator.standins.records import Records, records_of
from tests.control.stage import CREATE
from tests.faults.configuration import ORGANIZATION
from tests.faults.stage import Stage
from tests.generator.generator_stage import changed, person_pushes

PARAMETERS = "detail.requestParameters.userParameters.0.environmentParameters"
NOTES = {"notes.md": "# Mine\n"}


def event_of(project: str, repository: str, domain: str | None = None) -> dict[str, Any]:
    """Return the CreateProject event of a project that has that build repository."""
    event = changed(CREATE, "detail.responseElements.id", project)
    event = changed(event, f"{PARAMETERS}.1.value", f"{ORGANIZATION}/{repository}")
    if domain is not None:
        event = changed(event, "detail.requestParameters.domainIdentifier", domain)
        event = changed(event, "detail.responseElements.domainId", domain)
    return event


def records(event: dict[str, Any], name: str, number: int) -> Records:
    """Return what DataZone has of the project; `number` tells its environments from others'."""
    found = records_of(parse(event), name, "Regression")
    for environment in found.environments:
        environment["id"] = f"{number:02d}{environment['id'][2:]}"
    return found


def add_project(stage: Stage, project: str, repository: str, name: str, number: int) -> Any:
    """Let there be one more project, with a person's file in its build repository."""
    event = event_of(project, repository)
    stage.datazone.others.append(records(event, name, number))
    made = stage.hub.create_repository(f"{ORGANIZATION}/{repository}")
    person_pushes(made.folder, NOTES)
    return event
