"""What was asked of the stand-in, in the order in which it came, without any token."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
# The request of a push that carries the objects; others look at what there is.
PUSH = "git/receive-pack"
# What a person finds afterwards. GitHub does not say which changes it counts as content; all of
# them count as changes, whose number it limits as well.
CREATING = {
    PUSH,
    "issues/create",
    "pulls/create",
    "repos/create-for-authenticated-user",
    "repos/create-in-org",
    "repos/create-or-update-environment",
}


@dataclass
class Entry:
    """One request. operation: an id such as repos/get, or git/receive-pack. acted: it was done.

    seen: everything of the request but its Authorization header. problems: where it was not as
    GitHub's description has it.
    """

    number: int
    at: float
    method: str
    target: str
    operation: str
    token: str
    body: Any = field(repr=False)
    seen: str = field(repr=False)
    status: int = 0
    acted: bool = False
    fault: str | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        """Whether it may change something on GitHub."""
        if self.operation.startswith("git/"):
            return self.operation == PUSH
        return self.method in CHANGING and not self.operation.startswith("apps/")

    @property
    def creates_content(self) -> bool:
        """Whether it makes something new that people see: a repository, commits, an issue."""
        return self.operation in CREATING


class Journal:
    """The requests so far."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def forget(self) -> None:
        """Begin anew."""
        self.entries.clear()

    def changing(self) -> list[Entry]:
        """Return the requests that changed something, or were to."""
        return [entry for entry in self.entries if entry.changes]

    def hasty(self) -> list[tuple[Entry, Entry]]:
        """Return pairs of REST changes by one token with less than a second between them."""
        pairs = []
        last: dict[str, Entry] = {}
        for entry in self.changing():
            if entry.operation.startswith("git/"):
                continue
            before = last.get(entry.token)
            if before is not None and entry.at - before.at < 0.999:
                pairs.append((before, entry))
            last[entry.token] = entry
        return pairs

    def documents(self) -> list[dict[str, Any]]:
        """Return the entries as plain data."""
        return [
            {
                "number": entry.number,
                "at": entry.at,
                "method": entry.method,
                "target": entry.target,
                "operation": entry.operation,
                "token": entry.token,
                "body": entry.body,
                "status": entry.status,
                "acted": entry.acted,
                "fault": entry.fault,
                "changes": entry.changes,
                "creates_content": entry.creates_content,
                "problems": entry.problems,
            }
            for entry in self.entries
        ]


def disguises(secret: str) -> list[str]:
    """Return `secret` as it might be written somewhere: plain, escaped, as basic authentication."""
    pair = base64.b64encode(f"x-access-token:{secret}".encode()).decode()
    plain = base64.b64encode(secret.encode()).decode()
    forms = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], pair, plain}
    return sorted(form for form in forms if form)
