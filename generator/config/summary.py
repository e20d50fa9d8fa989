"""Shows a person what a configuration is understood to mean, section by section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from generator.config.model import STAGES, Config, GitHub, Place, Reviewer, Tenant
from generator.errors import shown

Row = tuple[str, str]


def summary(config: Config) -> RenderableType:
    """Return everything that `config` says, also what holds by default, for a terminal."""
    sections = {
        "Accounts": _accounts(config),
        "GitHub": _github(config.github),
        "Projects": _projects(config),
        "Operation": _operation(config),
    }
    parts: list[RenderableType] = []
    for title, rows in sections.items():
        parts += [Text(title, style="bold"), _grid(rows)]
    parts += [Text("Stages", style="bold"), _stages(config)]
    return Group(*parts)


def _grid(rows: Iterable[Row]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(Text(name), Text(value))
    return Padding(grid, (0, 0, 1, 2), expand=False)


def _accounts(config: Config) -> Iterator[Row]:
    governance = config.governance
    yield "governance", _place(governance)
    yield "domains", ", ".join(governance.domains) or "all of the organization"
    senders = governance.organization_id or f"account {governance.account} only"
    yield "events from", senders
    yield "shared services", _place(config.shared_services)


def _github(github: GitHub) -> Iterator[Row]:
    yield "owner", f"{github.owner} ({github.owner_kind}) on {github.git_url}"
    how = "GitHub App" if github.auth == "app" else "fine-grained token"
    yield "signs in as", f"{how}, secret {github.token_secret}"
    if github.repo_layout == "monorepo":
        yield "repositories", f"one, {github.visibility}, with the folders build and deploy"
    else:
        yield "repositories", f"two, {github.visibility}; {github.deploy_repository} for deploying"
    yield "topics", _listed(github.topics)
    yield "default branch", "protected" if github.protect_default_branch else "not protected"
    for stage in STAGES:
        people = github.reviewers.get(stage, ())
        yield f"approval of {stage}", _listed(map(_reviewer, people)) if people else "nobody's"
    yield "secrets", _listed(github.secrets)
    if github.secret_keys:
        yield "encrypted with", _listed(github.secret_keys)


def _projects(config: Config) -> Iterator[Row]:
    if not config.profiles:
        yield "profiles", "those that the templates answer to"
    for profile, template in config.profiles.items():
        yield f"profile {shown(profile)}", f"template {template}"
    source = config.templates
    yield "templates", f"{source.repository} at {source.ref}" if source else "built in"
    for template, answers in config.answers.items():
        for question, answer in answers.items():
            yield f"{template} answers", f"{question} = {answer}"
    for stage, ends in config.joining.items():
        yield f"names ending in {_listed(ends)}", f"join another project as its stage {stage}"
    yield "tags", _listed(f"{key} = {value}" for key, value in config.tags.items())


def _operation(config: Config) -> Iterator[Row]:
    wait, told = config.wait, config.notifications
    yield "names start with", config.naming.prefix
    yield (
        "waits for a project",
        f"{wait.limit_minutes} minutes at most; pauses of {wait.first_seconds} to"
        f" {wait.longest_seconds} s, each {wait.backoff_rate:g} times the one before",
    )
    yield "tells", _listed([*told.emails, *([told.topic_arn] if told.topic_arn else [])])
    kept = {"archive": "archived", "keep": "left as they are"}[config.deletion]
    yield "deleted projects", f"repositories are {kept}"
    yield "concurrency", "reserved" if config.reserve_concurrency else "shared with the account"
    exists = [arn.split(":")[4] for arn in config.oidc_provider_arns]
    where = f"; exists in {_listed(exists)}" if exists else ""
    yield "OIDC provider", f"is created for {config.github.oidc_issuer}{where}"


def _stages(config: Config) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("tenant", "whose projects", "stage", "where", "build role", "deploy role"):
        table.add_column(heading, overflow="fold")
    for tenant in config.tenants:
        for number, stage in enumerate(STAGES):
            name, whose = (tenant.name, _whose(tenant)) if number == 0 else ("", "")
            table.add_row(*map(Text, (name, whose, stage, *_stage(tenant, stage))))
    if not config.tenants:
        return Padding("no tenants: test and prod stay unknown", (0, 0, 1, 2))
    return Padding(table, (0, 0, 1, 2), expand=False)


def _stage(tenant: Tenant, stage: str) -> tuple[str, str, str]:
    place = tenant.stages.get(stage)
    if place is not None:
        return _place(place), place.build_role or "unknown", place.deploy_role or "unknown"
    if stage == "dev":
        roles = (tenant.build_role or "unknown", tenant.deploy_role or "unknown")
        return "where the project is", *roles
    return "unknown", "unknown", "unknown"


def _whose(tenant: Tenant) -> str:
    claims = [f"domain unit {unit}" for unit in tenant.domain_units]
    claims += [f"profile {shown(profile)}" for profile in tenant.profiles]
    return _listed(claims) if claims else "all others"


def _place(place: Place) -> str:
    return f"{place.account} {place.region}"


def _reviewer(reviewer: Reviewer) -> str:
    return f"{reviewer.kind} {reviewer.name}"


def _listed(items: Iterable[str]) -> str:
    return ", ".join(items) or "none"
