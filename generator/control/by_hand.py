"""The state machine's way, walked from a laptop: describe, then both repositories, or a dry run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from generator.config.model import STAGES
from generator.control.describe import describe
from generator.control.ports import Ports
from generator.control.requests import Document
from generator.control.seeding import plan, seed_build, seed_deploy
from generator.datazone import ProjectPending
from generator.errors import GeneratorError, InputError
from generator.layout import PROJECT, ROLES
from generator.repositories import Seed

Say = Callable[[str], None]


class NotOurs(InputError):
    """The project is one that gets no repositories."""


REFUSALS: dict[str, type[GeneratorError]] = {
    "NOT_OURS": NotOurs,
    "PENDING": ProjectPending,
}


def create(given: Document, ports: Ports, say: Say) -> Document:
    """Return {"project", "build", "deploy"}, as the state machine ends with.

    given: a step's input. say: is told what is being done. Raises NotOurs, ProjectPending or
    ProjectFailed for a project that is not ready, and what the steps raise.
    """
    project = _ready(given, ports)
    say(f"filling the build repository of {project['name']}")
    build = seed_build(given, ports)
    then = "what is set up on it" if build["role"] == PROJECT else "the deploy repository"
    say(f"{build['url']}: {build['state']}; now {then}")
    deploy = seed_deploy(given, ports)
    say(f"{deploy['url']}: {deploy['state']}")
    return {"project": project, "build": build, "deploy": deploy}


def preview(given: Document, ports: Ports) -> Document:
    """Return {"project", "build", "deploy", "missing"}: what `create` would do; nothing is changed.

    Each repository has its role, its name, whether it is there, whose it is, and the number of its
    files; the deploy repository also what is set up on GitHub. Both are the same where build and
    deploy are folders of one. Raises what `create` raises before it acts.
    """
    project = _ready(given, ports)
    planned = plan(given, ports)
    github = ports.config.github
    seeds = {seed.role: _looked_at(seed, ports) for seed in planned.seeds()}
    found = {role: dict(seeds[planned.seed_of(role).role]) for role in ROLES}
    found["deploy"] |= {
        "environments": {
            stage: [reviewer.name for reviewer in github.reviewers.get(stage, ())]
            for stage in STAGES
        },
        "secrets": sorted(github.secrets),
        "protected": github.protect_default_branch,
    }
    return {"project": project, **found, "missing": list(planned.missing)}


def _ready(given: Document, ports: Ports) -> Document:
    described = describe(given, ports)
    refusal = REFUSALS.get(described["status"])
    if refusal is not None:
        raise refusal(described["reason"])
    project: Document = described["project"]
    return project


def _looked_at(wanted: Seed, ports: Ports) -> dict[str, Any]:
    from generator.github.ownership import configured_owner
    from generator.github.repositories import find_repository

    repository = find_repository(ports.github(), wanted.name)
    owner = configured_owner(ports.github(), repository.name) if repository else None
    return {
        "role": wanted.role,
        "repository": repository.name if repository else wanted.name,
        "exists": repository is not None,
        "carries": owner.project_id if owner else None,
        "files": len(wanted.files),
    }
