"""Reads the tenants of `aiops.toml`, and finds what is ambiguous or contradictory among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from generator.catalog import plain
from generator.config import kinds
from generator.config.model import DEFAULT_TENANT, STAGES, Naming, Stage, Tenant
from generator.config.naming import ROLE, fill, problems_of
from generator.config.table import Table
from generator.errors import shown

ROLES = ("build_role", "deploy_role")


def read_tenants(table: Table, naming_table: Table, naming: Naming) -> tuple[Tenant, ...]:
    """Read [tenants.<name>] and judge every pattern of a role's name, also those of [naming]."""
    longest = max(filter(kinds.TENANT.admits, table.content), key=len, default="")
    for role in ROLES:
        _judge(naming_table, role, getattr(naming, role), longest)
    tenants = tuple(_tenant(name, below, naming) for name, below in table.tables(kinds.TENANT))
    table.finish()
    _refuse_shared(table, tenants)
    return tenants


def _tenant(name: str, table: Table, naming: Naming) -> Tenant:
    build, deploy = _roles(table, name, naming.build_role, naming.deploy_role)
    stages = {}
    for stage in STAGES:
        below = table.table(stage)
        if table.has(stage):
            account = below.text("account", kinds.ACCOUNT)
            region = below.text("region", kinds.REGION)
            stages[stage] = Stage(account, region, *_roles(below, name, build, deploy))
            below.finish()
    tenant = Tenant(
        name=name,
        domain_units=table.texts("domain_units", kinds.DOMAIN_UNIT),
        profiles=table.texts("profiles", kinds.PROFILE),
        build_role=build,
        deploy_role=deploy,
        stages=MappingProxyType(stages),
    )
    _refuse_unreachable(table, tenant)
    _refuse_one_role_for_two(table, tenant)
    table.finish(dict.fromkeys(("account", "region"), "belongs into dev, test or prod"))
    return tenant


def _roles(
    table: Table, tenant: str, build: str | None, deploy: str | None
) -> tuple[str | None, str | None]:
    """Return the patterns of both roles: the table's own, or what holds above it."""
    own = [table.optional(role, kinds.PATTERN) for role in ROLES]
    for role, pattern in zip(ROLES, own, strict=True):
        _judge(table, role, pattern, tenant)
    return own[0] or build, own[1] or deploy


def _judge(table: Table, role: str, pattern: str | None, tenant: str) -> None:
    for problem in problems_of(ROLE, pattern, tenant) if pattern else ():
        table.note(role, problem, pattern)


def _refuse_unreachable(table: Table, tenant: Tenant) -> None:
    claims = [key for key in ("domain_units", "profiles") if table.has(key)]
    if tenant.name == DEFAULT_TENANT:
        for key in claims:
            table.note(key, "the tenant default has all projects that no other tenant has: remove")
    elif not claims:
        table.note_self(
            "no project can belong to it: list its domain_units or its profiles,"
            f" or call it {DEFAULT_TENANT}"
        )


def _refuse_one_role_for_two(table: Table, tenant: Tenant) -> None:
    """Each stage's build role and deploy role are roles of their own, also in one account."""
    owners: dict[tuple[str, str], str] = {}
    for stage, place in tenant.stages.items():
        for role in ROLES:
            pattern: str | None = getattr(place, role)
            if not pattern or list(problems_of(ROLE, pattern, tenant.name)):
                continue
            values = {"project_id": "p", "domain_id": "d", "stage": stage, "tenant": tenant.name}
            name = fill(pattern, values).rpartition("/")[2].casefold()
            use = f"{stage}'s {role}"
            other = owners.setdefault((place.account, name), use)
            if other != use:
                table.note(
                    stage,
                    f"its {role} {shown(pattern)} is the same role as {other} in account"
                    f" {place.account}; put {{stage}} into the pattern, and name the two roles"
                    " differently",
                )


def _refuse_shared(table: Table, tenants: Iterable[Tenant]) -> None:
    """A domain unit or a profile belongs to one tenant at most."""
    first: dict[tuple[str, str], str] = {}
    for tenant in tenants:
        claims: Mapping[str, tuple[str, ...]] = {
            "domain_units": tenant.domain_units,
            "profiles": tenant.profiles,
        }
        for key, items in claims.items():
            for item in items:
                same = plain(item) if key == "profiles" else item
                other = first.setdefault((key, same), tenant.name)
                if other != tenant.name:
                    table.table(tenant.name).note_item(
                        key,
                        item,
                        f"the tenant {other} on line {table.line(other)} has it too, and a project"
                        " belongs to one only; remove one",
                    )
