"""The first step: is this project ours, and is it ready? Cheap, because it is asked repeatedly.

| what is found                                                     | status   |
|-------------------------------------------------------------------|----------|
| another event or call, a call that was refused                    | NOT_OURS |
| a domain, a profile or a name that we do not serve; no profile    | NOT_OURS |
| its environments are being created                                | PENDING  |
| everything stands                                                 | READY    |

What a person must look at is an error, after which the state machine can be redriven to ask again:
FAILED_VALIDATION, FAILED_DEPLOYMENT, a project that is being deleted or not ready in time, and a
profile that the configuration maps to a template which does not exist, since somebody expects
repositories there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from generator.catalog import UnknownProfile
from generator.config.facts import template_for
from generator.config.joining import JoinsProject, refuse_joining
from generator.control.ports import Ports
from generator.control.requests import Document, request_of, step_input
from generator.datazone import (
    NoProfile,
    ProjectPending,
    look_at_project,
    refuse_unready,
)
from generator.errors import GeneratorError
from generator.request import DeniedEvent, ForeignEvent, ProjectRequest

Status = Literal["READY", "PENDING", "NOT_OURS"]


class ProjectNotReady(GeneratorError):
    """The project was waited for as long as the configuration allows."""


@dataclass(frozen=True)
class Described:
    """What was found. `reason` says why the project is not ready, or not ours."""

    status: Status
    reason: str | None = None
    project_id: str | None = None
    domain_id: str | None = None
    name: str | None = None
    profile: str | None = None
    template: str | None = None

    def document(self) -> Document:
        """Return it as the state machine keeps it."""
        return {
            "status": self.status,
            "reason": self.reason,
            "project": {
                "id": self.project_id,
                "domain_id": self.domain_id,
                "name": self.name,
                "profile": self.profile,
                "template": self.template,
            },
        }


def describe(given: object, ports: Ports) -> Document:
    """Return {"status", "reason", "project"} of the project that a step's input names.

    given: may say for how many "waited_seconds" the project was waited for. Raises ProjectFailed,
    ProjectNotReady, MalformedEvent, UnknownTemplate, and what DataZone raises.
    """
    given = step_input(given)
    try:
        request = request_of(given, ports)
    except (ForeignEvent, DeniedEvent) as error:
        return Described("NOT_OURS", str(error)).document()
    found = _described(request, ports)
    if found.status == "PENDING":
        _refuse_long_wait(given.get("waited_seconds", 0), found, ports.config.wait.limit_minutes)
    return found.document()


def _refuse_long_wait(seconds: float, found: Described, limit_minutes: int) -> None:
    if seconds >= 60 * limit_minutes:
        raise ProjectNotReady(
            f"the project was not ready after {limit_minutes} minutes: {found.reason}; look at its"
            " environments in Unified Studio; wait.limit_minutes in aiops.toml sets how long is"
            " waited"
        )


def _described(request: ProjectRequest, ports: Ports) -> Described:
    config = ports.config
    known: dict[str, Any] = {"project_id": request.project_id, "domain_id": request.domain_id}
    if config.governance.domains and request.domain_id not in config.governance.domains:
        served = ", ".join(config.governance.domains)
        reason = f"domain {request.domain_id} is not among those we serve: {served}"
        return Described("NOT_OURS", reason, **known)
    try:
        project, profile = look_at_project(
            ports.datazone(request.region),
            request.domain_id,
            request.project_id,
            request.profile_id,
        )
    except NoProfile as error:
        return Described("NOT_OURS", str(error), **known)
    known |= {"name": project["name"], "profile": profile}
    try:
        known["template"] = template_for(config, ports.catalog(), profile).name
    except UnknownProfile as error:
        return Described("NOT_OURS", str(error), **known)
    try:
        refuse_joining(config.joining, project["name"])
    except JoinsProject as error:
        return Described("NOT_OURS", str(error), **known)
    try:
        refuse_unready(project)
    except ProjectPending as error:
        return Described("PENDING", str(error), **known)
    return Described("READY", **known)
