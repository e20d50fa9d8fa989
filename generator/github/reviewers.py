"""Finds the people and teams that an administrator names as reviewers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from generator.config.model import Reviewer
from generator.errors import shown
from generator.github.errors import UnknownReviewer
from generator.github.transport import Api, repository_path


@dataclass(frozen=True)
class Identity:
    """A user or team, as GitHub numbers them. `name` is a login, or a team's slug."""

    kind: Literal["User", "Team"]
    id: int
    name: str


def identify(api: Api, organization: str, reviewer: Reviewer) -> Identity:
    """Return who `reviewer` is; a team is one of `organization`. Asked once per process.

    Raises UnknownReviewer, and what Api.request raises.
    """
    key = (identify, organization.casefold(), reviewer)
    if key not in api.known:
        api.known[key] = _identified(api, organization, reviewer)
    known: Identity = api.known[key]
    return known


def _identified(api: Api, organization: str, reviewer: Reviewer) -> Identity:
    name = quote(reviewer.name, safe="")
    if reviewer.kind == "team":
        team = api.find(f"/orgs/{organization}/teams/{name}")
        if team is None:
            raise UnknownReviewer(
                f"{organization} has no team {shown(reviewer.name)} that the token may see:"
                " correct the reviewers, or let the token read the organization's members"
            )
        return Identity("Team", team["id"], team["slug"])
    user = api.find(f"/users/{name}")
    if user is None or user["type"] != "User":
        raise UnknownReviewer(f"GitHub has no user {shown(reviewer.name)}: correct the reviewers")
    return Identity("User", user["id"], user["login"])


def let_read(api: Api, organization: str, team: Identity, repository: str) -> None:
    """Give a team read access to a repository, without which it cannot review."""
    path = f"/orgs/{organization}/teams/{team.name}{repository_path(repository)}"
    api.request("PUT", path, {"permission": "pull"})
