"""What follows from the configuration for one project: its stages, names, tags and template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from generator.catalog import Catalog, Template, UnknownProfile, plain
from generator.config.model import STAGES, Config, Place, Stage, Tenant
from generator.config.naming import fill
from generator.errors import InputError, shown
from generator.facts import ProjectFacts, StageFacts


class ProjectElsewhere(InputError):
    """A project lies in another account or region than its tenant's dev stage."""


def facts_from_config(config: Config, facts: ProjectFacts) -> ProjectFacts:
    """Return `facts` with what `config` adds: stages, deploy repository's name and tags.

    Raises ProjectElsewhere when the tenant's dev stage is not where the project is.
    """
    repository = _filled(config.github.deploy_repository, facts)
    return replace(
        facts,
        deploy_repository=f"{config.github.owner}/{repository}",
        stages=_stages(config, facts),
        extra_tags=dict(config.tags),
    )


def template_for(config: Config, catalog: Catalog, profile: str) -> Template:
    """Return the template for a project profile: by [profiles] when there is one, else by itself.

    UnknownProfile when the profile is not ours, UnknownTemplate when its template does not exist.
    """
    if not config.profiles:
        return catalog.for_profile(profile)
    for name, template in config.profiles.items():
        if plain(name) == plain(profile):
            return catalog.named(template)
    raise UnknownProfile(
        f"the configuration has no project profile {shown(profile)}; it has"
        f" {', '.join(map(shown, config.profiles))}"
    )


def answers_from_config(config: Config, template: Template) -> dict[str, str]:
    """Return the configuration's answers to the questions of `template`."""
    known = {"repo_layout": config.github.repo_layout}
    asked = {name: answer for name, answer in known.items() if template.question(name)}
    return asked | dict(config.answers.get(template.name, {}))


def _stages(config: Config, facts: ProjectFacts) -> Mapping[str, StageFacts]:
    tenant = config.tenant_of(facts.domain_unit_id, facts.profile)
    here = Place(facts.account_id, facts.region)
    if tenant is None:
        roles = (config.naming.build_role, config.naming.deploy_role)
        return {"dev": _stage(facts, "", "dev", Stage(here.account, here.region, *roles))}
    places = dict(tenant.stages)
    dev = places.setdefault(
        "dev", Stage(here.account, here.region, tenant.build_role, tenant.deploy_role)
    )
    if (dev.account, dev.region) != (here.account, here.region):
        raise ProjectElsewhere(
            f"project {facts.project_id} is in account {here.account}, {here.region}, but tenants."
            f"{tenant.name}.dev says {dev.account}, {dev.region}; correct the configuration, leave"
            f" dev out of it, or create the project in the tenant's account"
            f"{_why(tenant, facts)}"
        )
    return {
        stage: _stage(facts, tenant.name, stage, places[stage])
        for stage in STAGES
        if stage in places
    }


def _why(tenant: Tenant, facts: ProjectFacts) -> str:
    if facts.domain_unit_id in tenant.domain_units:
        return f" (it belongs to this tenant by its domain unit {facts.domain_unit_id})"
    if tenant.profiles:
        return f" (it belongs to this tenant by its profile {shown(facts.profile)})"
    return " (it belongs to this tenant as no other has it)"


def _stage(facts: ProjectFacts, tenant: str, stage: str, place: Stage) -> StageFacts:
    def arn(pattern: str | None) -> str | None:
        # Without a tenant nothing can stand for {tenant}: the role stays unknown.
        if pattern is None or (not tenant and "{tenant}" in pattern):
            return None
        name = _filled(pattern, facts, stage=stage, tenant=tenant)
        return f"arn:{place.partition}:iam::{place.account}:role/{name}"

    return StageFacts(place.account, place.region, arn(place.build_role), arn(place.deploy_role))


def _filled(pattern: str, facts: ProjectFacts, **more: str) -> str:
    return fill(pattern, {"project_id": facts.project_id, "domain_id": facts.domain_id, **more})
