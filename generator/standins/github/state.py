"""What the stand-in knows: accounts, their repositories, and what belongs to a repository."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from generator.standins.github import git
from generator.standins.github.errors import Refusal

Plan = Literal["free", "team", "enterprise"]


@dataclass
class Team:
    """A team of an organization."""

    id: int
    slug: str


@dataclass
class Account:
    """An organization or a person. `plan` decides what private repositories can have."""

    id: int
    login: str
    kind: Literal["Organization", "User"]
    plan: Plan = "enterprise"
    teams: dict[str, Team] = field(default_factory=dict)


class Vault:
    """Secrets and variables of a repository or an environment. Secrets are kept as opened."""

    def __init__(self) -> None:
        self._key = PrivateKey.generate()
        self.secrets: dict[str, str] = {}
        self.variables: dict[str, str] = {}

    @property
    def public_key(self) -> dict[str, str]:
        """Return the key to seal for, and its number."""
        key = bytes(self._key.public_key)
        return {
            "key_id": str(int.from_bytes(key[:7], "big")),
            "key": base64.b64encode(key).decode(),
        }

    def store(self, name: str, sealed: str, key_id: str) -> bool:
        """Open a sealed secret and keep it; whether it is new. Refuses what cannot be opened."""
        if key_id != self.public_key["key_id"]:
            raise Refusal(422, "key_id does not match the public key")
        try:
            value = SealedBox(self._key).decrypt(base64.b64decode(sealed, validate=True)).decode()
        except (CryptoError, ValueError):
            raise Refusal(422, "Bad request - the value cannot be opened") from None
        is_new = name.upper() not in self.secrets
        self.secrets[name.upper()] = value
        return is_new


@dataclass
class Environment:
    """A deployment environment. reviewers: (User or Team, id)."""

    id: int
    name: str
    reviewers: list[tuple[str, int]] = field(default_factory=list)
    wait_timer: int = 0
    prevent_self_review: bool = False
    branch_policy: dict[str, bool] | None = None
    vault: Vault = field(default_factory=Vault)


@dataclass
class Pull:
    """A pull request. `number` is shared with issues, as on GitHub."""

    number: int
    title: str
    body: str
    head: str
    base: str
    state: str = "open"
    merged_at: str | None = None


@dataclass
class Issue:
    """An issue."""

    number: int
    title: str
    body: str
    state: str = "open"


@dataclass
class Run:
    """A run of a workflow that was dispatched. Whoever plays it sets status and conclusion."""

    id: int
    repository: str
    workflow: str
    name: str
    title: str
    ref: str
    commit: str
    inputs: dict[str, str]
    created_at: str
    status: str = "queued"
    conclusion: str | None = None


@dataclass
class Repository:
    """A repository; its content is a bare git repository, made when it is needed first."""

    id: int
    owner: Account
    name: str
    place: Path
    description: str | None
    private: bool
    default_branch: str = "main"
    archived: bool = False
    topics: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    readers: set[int] = field(default_factory=set)
    environments: dict[str, Environment] = field(default_factory=dict)
    rulesets: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[Pull] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    vault: Vault = field(default_factory=Vault)

    @property
    def folder(self) -> Path:
        """Return where the bare git repository is."""
        if not self.place.exists():
            git.create(self.place, self.default_branch)
        return self.place

    @property
    def heads(self) -> dict[str, str]:
        """Return the commit of each branch."""
        return git.heads(self.place) if self.place.exists() else {}

    @property
    def full_name(self) -> str:
        """Return owner/name."""
        return f"{self.owner.login}/{self.name}"

    @property
    def next_number(self) -> int:
        """Return the number that the next issue or pull request gets."""
        return len(self.pulls) + len(self.issues) + 1


def timestamp(seconds: float) -> str:
    """Return a time as GitHub writes it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
