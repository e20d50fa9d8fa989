"""Reads the sections of `aiops.toml`, except the tenants, which have a module of their own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from generator.catalog import plain
from generator.config import kinds
from generator.config.model import (
    STAGES,
    Deletion,
    Governance,
    Naming,
    Notifications,
    Place,
    TemplateSource,
    Wait,
)
from generator.config.table import Table
from generator.errors import shown

LOOPBACK = ("127.0.0.1", "::1", "localhost")
# AWS allows 50 tags on a resource; a project's own, the template's and CDK's need room.
MOST_TAGS = 35
OWN_TAGS = (
    "sagemaker:project-id",
    "sagemaker:project-name",
    "AmazonDataZoneDomain",
    "AmazonDataZoneProject",
    "AmazonDataZoneScopeName",
)
# Names under which nearly every repository has its moving branch.
USUAL_BRANCHES = ("main", "master", "develop", "dev", "trunk", "HEAD", "latest")


def read_governance(table: Table) -> Governance:
    """Read [governance]: the domains, the organization, or both must be named."""
    domains = table.texts("domains", kinds.DOMAIN)
    organization = table.optional("organization_id", kinds.ORGANIZATION_ID)
    if not table.has("domains") and not table.has("organization_id"):
        table.note("domains", "is missing; list the domains to serve, or give organization_id")
    elif table.content.get("domains") == []:
        table.note("domains", "is empty; list the domains to serve, or leave the key out")
    place = _place(table)
    table.finish()
    return Governance(place.account, place.region, domains, organization)


def read_shared_services(table: Table) -> Place:
    """Read [shared_services]."""
    place = _place(table)
    table.finish()
    return place


def read_address(table: Table, key: str, default: str | None) -> str:
    """Read an https address without user, query or fragment; http only of this machine."""
    text = table.text(key, kinds.ADDRESS, default).rstrip("/")
    parts = urlsplit(text)
    if table.has(key) and parts.scheme == "http" and parts.hostname not in LOOPBACK:
        table.note(key, "only https keeps a token secret", text)
    return text


def _place(table: Table) -> Place:
    return Place(table.text("account", kinds.ACCOUNT), table.text("region", kinds.REGION))


def read_profiles(table: Table) -> Mapping[str, str]:
    """Read [profiles]: project profile -> template. No two may be the same but for the writing."""
    profiles = table.pairs(kinds.PROFILE, kinds.TEMPLATE)
    table.finish()
    first: dict[str, str] = {}
    for profile in profiles:
        same = first.setdefault(plain(profile), profile)
        if same != profile:
            table.note(
                profile,
                f"is the same profile as {shown(same)} on line {table.line(same)}: case, spaces"
                " and punctuation do not count; remove one",
            )
    return MappingProxyType(profiles)


def read_answers(table: Table) -> Mapping[str, Mapping[str, str]]:
    """Read [answers.<template>]: question -> answer."""
    answers = {}
    for template, below in table.tables(kinds.TEMPLATE):
        answers[template] = MappingProxyType(below.pairs(kinds.QUESTION, kinds.ANSWER))
        below.finish()
    table.finish()
    return MappingProxyType(answers)


def read_naming(table: Table) -> Naming:
    """Read [naming]. The roles' patterns are judged with the tenants, which may replace them."""
    found = Naming(
        prefix=table.text("prefix", kinds.PREFIX, "aiops"),
        build_role=table.optional("build_role", kinds.PATTERN),
        deploy_role=table.optional("deploy_role", kinds.PATTERN),
    )
    table.finish()
    return found


def read_wait(table: Table) -> Wait:
    """Read [wait]."""
    found = Wait(
        limit_minutes=table.whole("limit_minutes", 1, 24 * 60, 60),
        first_seconds=table.whole("first_seconds", 1, 3600, 15),
        longest_seconds=table.whole("longest_seconds", 1, 3600, 120),
        backoff_rate=table.number("backoff_rate", 1, 10, 1.5),
    )
    if found.first_seconds > found.longest_seconds:
        table.note(
            "first_seconds",
            f"is more than longest_seconds, which is {found.longest_seconds}",
            found.first_seconds,
        )
    table.finish()
    return found


def read_templates(table: Table, present: bool) -> TemplateSource | None:
    """Read [templates]; without the section the built-in templates are used."""
    if not present:
        return None
    source = TemplateSource(
        repository=read_address(table, "repository", None),
        ref=table.text("ref", kinds.GIT_REF),
        folder=table.text("folder", kinds.FOLDER, "templates"),
    )
    if source.ref in USUAL_BRANCHES or source.ref.startswith("refs/heads/"):
        table.note("ref", f"this is a branch, and a branch moves; {kinds.GIT_REF.fix}", source.ref)
    moving = f"a branch moves; pin the templates with ref: {kinds.GIT_REF.fix}"
    table.finish({"branch": moving, "tag": "write it as ref", "commit": "write it as ref"})
    return source


def read_tags(table: Table) -> Mapping[str, str]:
    """Read [tags]: what every resource of a project carries beside Unified Studio's own tags."""
    tags = table.pairs(kinds.TAG_KEY, kinds.TAG_VALUE)
    table.finish()
    for key in tags:
        if key.casefold() in map(str.casefold, OWN_TAGS):
            table.note(key, "is set from the project itself; remove it")
    if len(tags) > MOST_TAGS:
        table.note_self(f"has {len(tags)} tags; at most {MOST_TAGS} are possible")
    return MappingProxyType(tags)


def read_notifications(table: Table) -> Notifications:
    """Read [notifications]."""
    found = Notifications(
        emails=table.texts("emails", kinds.EMAIL, 20),
        topic_arn=table.optional("topic_arn", kinds.TOPIC_ARN),
    )
    table.finish({"email": 'write a list: emails = ["..."]'})
    return found


def read_deletion(table: Table) -> Deletion:
    """Read [deletion]: what happens to the repositories of a deleted project."""
    found: Deletion = table.choice("repositories", ("archive", "keep"), "archive")
    table.finish()
    return found


def read_functions(table: Table) -> bool:
    """Read [functions]: whether concurrency is reserved for them."""
    found = table.flag("reserve_concurrency", True)
    table.finish()
    return found


def read_oidc(table: Table, issuer: str) -> tuple[str, ...]:
    """Read [oidc]: the ARNs of providers that exist, of `issuer`; elsewhere one is created."""
    existing = table.texts("existing", kinds.OIDC_PROVIDER)
    for arn in existing:
        if arn.partition(":oidc-provider/")[2] != issuer:
            fix = f"must end with :oidc-provider/{issuer}, who signs for this GitHub"
            table.note_item("existing", arn, fix)
    table.finish({"provider": 'write a list of ARNs: existing = ["..."]'})
    return existing


def read_joining(table: Table) -> Mapping[str, tuple[str, ...]]:
    """Read [joining]: stage -> ends of the names of projects that join another project."""
    found: dict[str, tuple[str, ...]] = {}
    for stage in STAGES[1:]:
        ends = table.texts(stage, kinds.NAME_END, 10)
        for end in ends:
            for other, others in found.items():
                if end.casefold() in map(str.casefold, others):
                    table.note_item(stage, end, f"is listed for {other} too; remove one")
        if ends:
            found[stage] = ends
    table.finish()
    return MappingProxyType(found)
