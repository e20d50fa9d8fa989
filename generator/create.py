"""The whole path: an event, the project's facts, a rendered template, its pushed repositories.

Idempotent: what is in place stays, what is missing is completed. The build repository goes first;
when the deploy repository fails, the next run finds the first in place and goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from generator.answers import complete
from generator.catalog import Catalog, Template
from generator.config.facts import answers_from_config, facts_from_config, template_for
from generator.config.joining import refuse_joining
from generator.config.model import Config
from generator.datazone import datazone_client
from generator.facts import ProjectFacts, missing_facts, only_declared_stages
from generator.layout import MONOREPO, PROJECT, QUESTION
from generator.projects import read_project
from generator.remotes import GitBase
from generator.render import Rendering, render
from generator.repositories import Seed, SeededRepository, seed
from generator.request import ProjectRequest, parse

if TYPE_CHECKING:
    from mypy_boto3_datazone import DataZoneClient

log = logging.getLogger(__name__)

_PARTS = {
    "build": "the build repository",
    "deploy": "the deploy repository",
    PROJECT: "the folders build and deploy",
}


@dataclass(frozen=True)
class ProjectPlan:
    """What a project's repositories shall be. `missing` names the facts that stay null."""

    request: ProjectRequest
    facts: ProjectFacts
    template: Template
    rendering: Rendering = field(repr=False)
    missing: tuple[str, ...]

    def seeds(self) -> tuple[Seed, ...]:
        """Return what each repository shall carry: build, then deploy, or the one that is both."""
        return tuple(
            Seed(
                role=role,
                name=self._repository(role),
                project_id=self.facts.project_id,
                default_branch=self.facts.default_branch,
                files=files,
                message=(
                    f"Add {_PARTS[role]} of {self.facts.name}\n\n"
                    f"Template: {self.template.name} {self.template.version}\n"
                    f"Project: {self.facts.project_id}\n"
                ),
                seconds=int(self.request.created_at.timestamp()),
            )
            for role, files in self.rendering.repositories.items()
        )

    def seed_of(self, role: str) -> Seed:
        """Return what the repository shall carry in which `role` has its files."""
        return next(seed for seed in self.seeds() if seed.role in (role, PROJECT))

    def _repository(self, role: str) -> str:
        facts = self.facts
        return facts.deploy_repository if role == "deploy" else facts.build_repository


@dataclass(frozen=True)
class CreatedProject:
    """A project whose repositories stand."""

    plan: ProjectPlan
    repositories: tuple[SeededRepository, ...]


def plan_project(
    event: object,
    catalog: Catalog,
    answers: Mapping[str, str] | None = None,
    client: Callable[[str], DataZoneClient] = datazone_client,
    config: Config | None = None,
) -> ProjectPlan:
    """Return what the project of `event` (parsed JSON) needs; nothing is written anywhere.

    answers: take precedence over what follows from the configuration and the project's facts.
    client: makes a DataZone client for a region. config: an administrator's configuration.
    Raises the errors of `request`, `datazone`, `catalog`, `answers`, `facts`, `config.facts`;
    JoinsProject for a project that is a stage of another one.
    """
    request = parse(event)
    facts = read_project(client(request.region), request)
    return plan_known(request, facts, catalog, answers, config)


def plan_known(
    request: ProjectRequest,
    facts: ProjectFacts,
    catalog: Catalog,
    answers: Mapping[str, str] | None = None,
    config: Config | None = None,
) -> ProjectPlan:
    """Return the plan of a project of which DataZone's `facts` are known; see `plan_project`."""
    if config is None:
        return plan_rendering(request, facts, catalog.for_profile(facts.profile), answers)
    template = template_for(config, catalog, facts.profile)
    refuse_joining(config.joining, facts.name)
    return plan_rendering(
        request,
        facts_from_config(config, facts),
        template,
        answers_from_config(config, template) | dict(answers or {}),
    )


def plan_rendering(
    request: ProjectRequest,
    facts: ProjectFacts,
    template: Template,
    answers: Mapping[str, str] | None = None,
) -> ProjectPlan:
    """Return the plan of a project whose `facts` are known, made from `template`."""
    given = complete(template, _answers(template, facts, answers or {}))
    if given.get(QUESTION) == MONOREPO:
        # Unified Studio has made one repository; in it both find their place.
        facts = replace(facts, deploy_repository=facts.build_repository)
    mapping = only_declared_stages(facts.mapping(), template.declared_facts)
    return ProjectPlan(
        request=request,
        facts=facts,
        template=template,
        rendering=render(template, given, mapping),
        missing=missing_facts(mapping, template.declared_facts),
    )


def create_project(plan: ProjectPlan, base: GitBase) -> CreatedProject:
    """Push the repositories of `plan` below `base`. Raises the errors of `repositories`."""
    done = []
    for wanted in plan.seeds():
        repository = seed(base.remote(wanted.name), wanted)
        log.info(
            "%s repository %s: %s on %s at %s",
            repository.role,
            repository.name,
            repository.state,
            repository.branch,
            repository.commit,
        )
        done.append(repository)
    return CreatedProject(plan, tuple(done))


def _answers(template: Template, facts: ProjectFacts, given: Mapping[str, str]) -> dict[str, str]:
    """What follows from the facts, where the template asks it, below what was `given`."""
    known = {
        "project_name": facts.name,
        "owner": facts.build_repository.split("/")[0],
        "aws_region": facts.region,
    }
    return {key: value for key, value in known.items() if template.question(key)} | dict(given)
