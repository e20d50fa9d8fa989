"""One request to an operation, with what it may see, and the list of operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from generator.standins.github.access import Token
from generator.standins.github.description import Operation
from generator.standins.github.errors import Refusal, not_found
from generator.standins.github.hub import Hub
from generator.standins.github.state import Repository

Reply = tuple[int, Any]
Item = TypeVar("Item")


@dataclass
class Call:
    """A request that was found in order. api: the address that REST was asked at."""

    hub: Hub
    operation: Operation
    permission: str | None
    token: Token | None
    claim: str | None = field(repr=False)
    arguments: dict[str, str]
    query: dict[str, str]
    body: Any
    api: str
    is_enterprise_server: bool

    @property
    def caller(self) -> Token:
        """Return the token; operations of apps have none."""
        assert self.token is not None
        return self.token

    def check_permission(self) -> None:
        """Refuse a token that may not call this operation."""
        if self.permission is None:
            return
        who = "integration" if self.caller.kind == "app" else "personal access token"
        if self.caller.kind == "app" and not self.operation.for_apps:
            raise Refusal(403, "Resource not accessible by integration")
        if not self.caller.may(self.permission):
            needed = self.permission.replace(":", "=")
            raise Refusal(
                403,
                f"Resource not accessible by {who}",
                headers={"x-accepted-github-permissions": needed},
            )

    def repository(self) -> Repository:
        """Return the repository in the path; refuses what the token may not see or do."""
        name = f"{self.arguments['owner']}/{self.arguments['repo']}"
        moved = self.hub.renamed.get(name.lower())
        if moved is not None:
            found = self.hub.repository(moved)
            to = {"location": f"{self.api}/repositories/{found.id}"}
            status = 301 if self.operation.method == "GET" else 307
            raise Refusal(status, "Moved Permanently", headers=to)
        found = self.hub.repository(name)
        if found.owner.login.lower() not in self.caller.owners:
            raise not_found()
        self.check_permission()
        if found.archived and self.operation.method != "GET":
            raise Refusal(403, "Repository was archived so is read-only.")
        return found

    def page(self, items: list[Item]) -> list[Item]:
        """Return the page of `items` that is asked for."""
        size = min(self._number("per_page", 30), 100)
        start = (self._number("page", 1) - 1) * size
        return items[start : start + size]

    def _number(self, parameter: str, default: int) -> int:
        """Return a parameter of the query; GitHub takes the default for what is no number."""
        text = self.query.get(parameter, "")
        return int(text) if text.isdecimal() and int(text) > 0 else default


@dataclass(frozen=True)
class Played:
    """An operation that is played. permission: such as contents:read; None for apps themselves."""

    function: Callable[[Call], Reply]
    permission: str | None


PLAYED: dict[str, Played] = {}


def plays(
    id: str, permission: str | None
) -> Callable[[Callable[[Call], Reply]], Callable[[Call], Reply]]:
    """Register a function as what answers the operation `id`."""

    def register(function: Callable[[Call], Reply]) -> Callable[[Call], Reply]:
        PLAYED[id] = Played(function, permission)
        return function

    return register
