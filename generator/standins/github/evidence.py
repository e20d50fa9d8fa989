"""What a test compares and searches: all state as plain data, and every trace of a text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from generator.standins.github import git
from generator.standins.github.hub import Hub
from generator.standins.github.journal import Journal
from generator.standins.github.state import Repository, Vault


def state(hub: Hub) -> dict[str, Any]:
    """Return all repositories by name, as `document` has each."""
    found = sorted(hub.repositories.values(), key=lambda one: one.full_name)
    return {repository.full_name: document(hub, repository) for repository in found}


def traces(hub: Hub, journal: Journal, needles: Iterable[str], in_commits: bool) -> list[str]:
    """Return the places that hold one of `needles`: requests, settings, files in any commit.

    Secrets that were stored as secrets do not count: there they belong.
    """
    wanted = [needle for needle in needles if needle]
    places = [
        f"request {entry.number}: {entry.operation}"
        for entry in journal.entries
        if any(needle in entry.seen for needle in wanted)
    ]
    for name, found in state(hub).items():
        text = repr(found)
        places += [f"state of {name}" for needle in wanted if needle in text]
    for repository in hub.repositories.values() if in_commits else ():
        if not repository.place.exists():
            continue
        objects = git.objects_with(repository.folder, [needle.encode() for needle in wanted])
        places += [f"object {name} in {repository.full_name}" for name in objects]
    return places


def document(hub: Hub, repository: Repository) -> dict[str, Any]:
    """Return a repository as data, without what differs from run to run: ids and times."""
    return {
        "description": repository.description,
        "private": repository.private,
        "archived": repository.archived,
        "default_branch": repository.default_branch,
        "topics": list(repository.topics),
        "settings": dict(repository.settings),
        "readers": sorted(
            team.slug for team in repository.owner.teams.values() if team.id in repository.readers
        ),
        "environments": {
            environment.name: {
                "reviewers": sorted(_name(hub, *one) for one in environment.reviewers),
                "wait_timer": environment.wait_timer,
                "prevent_self_review": environment.prevent_self_review,
                **_vault(environment.vault),
            }
            for environment in repository.environments.values()
        },
        "rulesets": sorted(ruleset["name"] for ruleset in repository.rulesets),
        "pulls": [
            {"title": pull.title, "body": pull.body, "head": pull.head, "state": pull.state}
            for pull in repository.pulls
        ],
        "issues": [
            {"title": issue.title, "body": issue.body, "state": issue.state}
            for issue in repository.issues
        ],
        "runs": [
            {"workflow": run.workflow, "title": run.title, "ref": run.ref, "inputs": run.inputs}
            for run in repository.runs
        ],
        "heads": repository.heads,
        "trees": git.heads(repository.place, "tree") if repository.place.exists() else {},
        **_vault(repository.vault),
    }


def _vault(vault: Vault) -> dict[str, Any]:
    digests = {
        name: hashlib.sha256(value.encode()).hexdigest() for name, value in vault.secrets.items()
    }
    return {"secrets": digests, "variables": dict(vault.variables)}


def _name(hub: Hub, kind: str, id: int) -> str:
    if kind == "User":
        return next(one.login for one in hub.accounts.values() if one.id == id)
    teams = (
        f"{account.login}/{team.slug}"
        for account in hub.accounts.values()
        for team in account.teams.values()
        if team.id == id
    )
    return next(teams)
