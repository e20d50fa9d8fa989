"""Finds or creates a project's repository, and archives it; never deletes, never takes another's.

| the repository                                     | what happens                             |
|----------------------------------------------------|------------------------------------------|
| does not exist                                     | it is created, with our mark             |
| carries our cicd-config.json for this project      | it is ours                               |
| carries none, but our mark                         | it is ours: a run was cut off            |
| carries another project's, or neither              | RepositoryForeign                        |
| is ours and archived                               | RepositoryArchived                       |

A repository that is both, build and deploy, was made for the project by somebody else: it needs no
mark of ours to be taken, and gets it, so that it is found when the project is no more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from generator.commits import Owner
from generator.errors import shown
from generator.github import ownership
from generator.github.errors import (
    GitHubInvalid,
    GitHubMissing,
    GitHubRefused,
    RepositoryArchived,
    RepositoryForeign,
)
from generator.github.transport import Api, repository_path

OwnerKind = Literal["organization", "user"]
Visibility = Literal["private", "internal", "public"]


@dataclass(frozen=True)
class WantedRepository:
    """What a repository shall be. name: owner/repository. role: build, deploy, or project for both.

    team_id: a team that shall be able to read it, which saves the call that grants it.
    """

    name: str
    owner_kind: OwnerKind
    project_id: str
    role: str
    description: str
    topics: tuple[str, ...] = ()
    visibility: Visibility = "private"
    team_id: int | None = None


@dataclass(frozen=True)
class Repository:
    """A repository on GitHub. `name` is the one it has now: owners may rename."""

    name: str
    url: str
    default_branch: str
    archived: bool
    description: str | None
    topics: tuple[str, ...]


def find_repository(api: Api, name: str) -> Repository | None:
    """Return the repository called `name`, or None when there is none that the token may see."""
    found = api.find(repository_path(name))
    return None if found is None else _repository(found)


def own_repository(api: Api, wanted: WantedRepository) -> Repository:
    """Return the project's repository, created if there is none, with all wanted topics.

    Raises RepositoryForeign, RepositoryArchived, and what Api.request raises.
    """

    def look() -> Repository | None:
        found = find_repository(api, wanted.name)
        if found is not None:
            _require_ours(api, found, wanted)
        return found

    repository = api.once(look, lambda: _create(api, wanted))
    return _with_topics(api, repository, wanted)


def adopt_repository(api: Api, wanted: WantedRepository) -> Repository:
    """Return the repository that was made for the project, with all wanted topics.

    Raises GitHubMissing when there is none, RepositoryForeign when it carries another project's
    configuration, RepositoryArchived, and what Api.request raises.
    """
    found = find_repository(api, wanted.name)
    if found is None:
        raise GitHubMissing(
            f"there is no repository {wanted.name}, or the token may not see it: install the"
            " GitHub App on it"
        )
    _owner_unless_foreign(api, found, wanted)
    _require_writable(found)
    return _with_topics(api, found, wanted)


def marked_repositories(api: Api, owner: str, project_id: str) -> list[Repository]:
    """Return the repositories of `owner`, a user or an organization, that have our mark as topic.

    Anybody may set a topic: whose they are, their configuration says.
    """
    # Forks are left out of a search that does not ask for them.
    query = f"user:{owner} topic:{ownership.topic(project_id)} fork:true"
    return [_repository(found) for found in api.pages("/search/repositories", "items", q=query)]


def archive_repository(api: Api, name: str) -> Repository | None:
    """Make `name` read-only, unless it is; None when there is no such repository.

    What needs to be written to it, such as an issue, must be written before.
    """
    found = find_repository(api, name)
    if found is None or found.archived:
        return found
    return _repository(api.request("PATCH", repository_path(found.name), {"archived": True}).body)


def _require_ours(api: Api, found: Repository, wanted: WantedRepository) -> None:
    owner = _owner_unless_foreign(api, found, wanted)
    marked = ownership.is_marked(found.description, found.topics, wanted.project_id)
    if owner is None and not marked:
        raise RepositoryForeign(
            f"{found.url} exists and is not ours: it has neither a cicd-config.json of project"
            f" {wanted.project_id} nor {ownership.mark(wanted.project_id)} in its description;"
            " rename it, or change the pattern of names"
        )
    _require_writable(found)


def _owner_unless_foreign(api: Api, found: Repository, wanted: WantedRepository) -> Owner | None:
    owner = ownership.configured_owner(api, found.name)
    if owner is not None and (owner.project_id, owner.role) != (wanted.project_id, wanted.role):
        raise RepositoryForeign(
            f"{found.url} is the {shown(owner.role)} repository of project"
            f" {shown(owner.project_id)}, not the {wanted.role} repository of"
            f" {wanted.project_id}: rename it, or change the pattern of names"
        )
    return owner


def _require_writable(found: Repository) -> None:
    if found.archived:
        raise RepositoryArchived(
            f"{found.url} is archived: unarchive it on its settings page, then run again"
        )


def _create(api: Api, wanted: WantedRepository) -> Repository:
    owner, name = wanted.name.split("/")
    body: dict[str, Any] = {
        "name": name,
        "description": ownership.description(wanted.description, wanted.project_id),
        "private": wanted.visibility != "public",
        "has_issues": True,
        "has_projects": False,
        "has_wiki": False,
        "delete_branch_on_merge": True,
    }
    if wanted.owner_kind == "user":
        return _repository(_created_for_user(api, owner, body))
    if wanted.visibility == "internal":
        body["visibility"] = "internal"
    if wanted.team_id is not None:
        body["team_id"] = wanted.team_id
    try:
        return _repository(api.request("POST", f"/orgs/{owner}/repos", body).body)
    except GitHubMissing as error:
        raise GitHubInvalid(
            f"{error}; {owner} is no organization of this GitHub, or the token was not made for it"
        ) from None


def _created_for_user(api: Api, owner: str, body: dict[str, Any]) -> Any:
    """Create a repository in a personal account: for a token of that very person only."""
    try:
        login = api.get("/user")["login"]
    except GitHubRefused as error:
        raise GitHubRefused(
            f"{error}; a GitHub App cannot create repositories of a user: store a fine-grained"
            f" token of {owner}, or use an organization"
        ) from None
    if login.casefold() != owner.casefold():
        raise GitHubRefused(
            f"the token belongs to {shown(login)}, who cannot create repositories of {owner}:"
            f" store a token of {owner}, or use an organization"
        )
    return api.request("POST", "/user/repos", body).body


def _with_topics(api: Api, found: Repository, wanted: WantedRepository) -> Repository:
    topics = {ownership.topic(wanted.project_id), *wanted.topics}
    if topics <= set(found.topics):
        return found
    names = sorted(topics | set(found.topics))
    answer = api.request("PUT", repository_path(found.name, "topics"), {"names": names}).body
    return replace(found, topics=tuple(answer["names"]))


def _repository(found: dict[str, Any]) -> Repository:
    return Repository(
        name=found["full_name"],
        url=found["html_url"],
        default_branch=found["default_branch"],
        archived=bool(found.get("archived")),
        description=found.get("description"),
        topics=tuple(found.get("topics") or ()),
    )
