"""Reads the section [github] of `aiops.toml`: where GitHub is, and what repositories look like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from generator.config import kinds, naming
from generator.config.model import STAGES, GitHub, OwnerKind, Reviewer, Visibility
from generator.config.sections import read_address
from generator.config.table import Table

API = "https://api.github.com"
DEPLOY_REPOSITORY = "{project_id}-{domain_id}-deploy-repo"
# GitHub's limits: topics of a repository (one is the project's mark), reviewers of an
# environment, secrets of a repository.
MOST_TOPICS, MOST_REVIEWERS, MOST_SECRETS = 20 - 1, 6, 100


def read_github(table: Table) -> GitHub:
    """Read [github] and the tables in it."""
    api_url = read_address(table, "api_url", API)
    owner, owner_kind = _owner(table)
    topics = table.texts("topics", kinds.TOPIC, MOST_TOPICS)
    visibility: Visibility = table.choice(
        "visibility", ("private", "internal", "public"), "private"
    )
    if visibility == "internal" and owner_kind == "user":
        table.note("visibility", "only an organization has internal repositories", visibility)
    github = GitHub(
        api_url=api_url,
        git_url=read_address(table, "git_url", _git_url(api_url)),
        owner=owner,
        owner_kind=owner_kind,
        auth=table.choice("auth", ("app", "token")),
        token_secret=table.text("token_secret", kinds.SECRET),
        visibility=visibility,
        topics=topics,
        deploy_repository=_deploy_repository(table),
        repo_layout=table.choice("repo_layout", ("separate", "monorepo"), "separate"),
        protect_default_branch=table.flag("protect_default_branch", True),
        reviewers=_reviewers(table.table("reviewers"), owner, owner_kind),
        secrets=_secrets(table),
        secret_keys=table.texts("secret_keys", kinds.KMS_KEY),
    )
    table.finish(
        {
            "token": "a token does not belong here: put it into AWS Secrets Manager and write"
            " that secret's ARN as token_secret",
            "owner": "write organization or user",
        }
    )
    return github


def _git_url(api_url: str) -> str:
    """Where repositories are, as GitHub, its data-residency hosts and its servers arrange it."""
    parts = urlsplit(api_url)
    host = parts.netloc
    if host == "api.github.com" or re.fullmatch(r"api\.[A-Za-z0-9-]+\.ghe\.com", host):
        host = host.removeprefix("api.")
    return f"{parts.scheme}://{host}"


def _owner(table: Table) -> tuple[str, OwnerKind]:
    organization = table.optional("organization", kinds.OWNER)
    user = table.optional("user", kinds.OWNER)
    if organization is not None and user is not None:
        table.note("user", "organization is given too; one account owns the repositories", user)
    if organization is None and user is None:
        table.note("organization", f"is missing; {kinds.OWNER.fix}; or give user")
    return (organization or "", "organization") if user is None else (user, "user")


def _deploy_repository(table: Table) -> str:
    pattern = table.text("deploy_repository", kinds.PATTERN, DEPLOY_REPOSITORY)
    if pattern:
        for problem in naming.problems_of(naming.DEPLOY_REPOSITORY, pattern):
            table.note("deploy_repository", problem, pattern)
    return pattern


def _reviewers(
    table: Table, owner: str, owner_kind: OwnerKind
) -> Mapping[str, tuple[Reviewer, ...]]:
    found = {}
    for stage in STAGES:
        people = []
        for text in table.texts(stage, kinds.REVIEWER, MOST_REVIEWERS):
            organization, slash, team = text.removeprefix("@").partition("/")
            if slash and (owner_kind == "user" or organization.casefold() != owner.casefold()):
                table.note_item(stage, text, "only a team of github.organization can review")
            people.append(Reviewer("team", team) if slash else Reviewer("user", organization))
        if people:
            found[stage] = tuple(people)
    table.finish()
    return MappingProxyType(found)


def _secrets(table: Table) -> Mapping[str, str]:
    below = table.table("secrets")
    secrets = below.pairs(kinds.GITHUB_SECRET_NAME, kinds.SECRET_ARN)
    if len(secrets) > MOST_SECRETS:
        table.note("secrets", f"has {len(secrets)} entries; at most {MOST_SECRETS} are possible")
    below.finish()
    return MappingProxyType(secrets)
