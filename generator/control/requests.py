"""What a step is asked about: the project of a CreateProject event, or one named by its id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from generator import patterns
from generator.control.ports import Ports
from generator.errors import InputError, shown
from generator.request import ProjectRequest, parse

Document = dict[str, Any]


def request_of(given: Mapping[str, Any], ports: Ports) -> ProjectRequest:
    """Return the request of a step's input.

    given: {"event": a CreateProject event}, or {"project_id", "domain_id"}; then DataZone of the
    governance account is asked when the project was made. Raises what `request.parse` raises,
    InputError for malformed ids, and what DataZone raises.
    """
    if "event" in given:
        return parse(given["event"])
    project, domain = given.get("project_id"), given.get("domain_id")
    for name, value, pattern in (
        ("project", project, patterns.PROJECT_ID),
        ("domain", domain, patterns.DOMAIN_ID),
    ):
        if not isinstance(value, str) or not patterns.matches(pattern, value):
            raise InputError(f"{name} = {shown(value)}: not the id of a {name}")
    return _looked_up(str(project), str(domain), ports)


def _looked_up(project: str, domain: str, ports: Ports) -> ProjectRequest:
    from generator.datazone import look_at_project

    home = ports.config.governance
    found, _ = look_at_project(ports.datazone(home.region), domain, project, None)
    return ProjectRequest(
        event_id="by hand",
        created_at=found.get("createdAt") or datetime.now(UTC),
        account_id=home.account,
        region=home.region,
        domain_id=domain,
        project_id=project,
        profile_id=found.get("projectProfileId"),
        name=found["name"],
        build_repository=None,
        default_branch=None,
        connection_arn=None,
    )


def step_input(given: object) -> Mapping[str, Any]:
    """Return a step's input if it is an object; InputError otherwise."""
    if not isinstance(given, Mapping):
        raise InputError(f"the input of a step is an object, not {shown(given)}")
    return given
