"""All of the stand-in's state in one place, and what tests and operations do with it alike."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from generator.standins.github import git
from generator.standins.github.access import EVERYTHING, App, Token
from generator.standins.github.errors import Refusal, not_found
from generator.standins.github.state import Account, Plan, Repository, Run, Team, timestamp

TOKEN_SECONDS = 3600.0


class Hub:
    """Accounts, repositories, tokens and apps. `now` gives seconds since 1970.

    selection: which repositories the installations of Apps see. on_run: is told each run that was
    dispatched, in a thread of its own, and may play it.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.now = now
        self.url = ""
        self.limit = 5000
        self.selection: Literal["all", "selected"] = "all"
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.repositories: dict[str, Repository] = {}
        self.renamed: dict[str, str] = {}
        self.strangers: set[str] = set()  # people who cannot read any repository
        self.tokens: dict[str, Token] = {}
        self.apps: dict[str, App] = {}
        self.on_run: Callable[[Run], None] | None = None
        self._ids = 1000

    def next_id(self) -> int:
        """Return a number that nothing else has."""
        with self.lock:
            self._ids += 1
            return self._ids

    def timestamp(self) -> str:
        """Return the time as GitHub writes it."""
        return timestamp(self.now())

    def add_account(
        self, login: str, kind: Literal["Organization", "User"], plan: Plan = "enterprise"
    ) -> Account:
        """Let there be an organization or a person."""
        account = Account(self.next_id(), login, kind, plan)
        self.accounts[login.lower()] = account
        return account

    def add_team(self, organization: str, slug: str) -> Team:
        """Let an organization have a team."""
        team = Team(self.next_id(), slug)
        self.account(organization).teams[slug] = team
        return team

    def add_token(
        self,
        value: str,
        login: str,
        owners: set[str] | None = None,
        permissions: Mapping[str, str] = EVERYTHING,
        expires_at: float | None = None,
        kind: Literal["app", "personal"] = "personal",
    ) -> Token:
        """Let there be a token of `login` for the repositories of `owners` (by default its own)."""
        names = frozenset(name.lower() for name in owners or {login})
        token = Token(value, kind, login, names, dict(permissions), expires_at)
        self.tokens[value] = token
        return token

    def add_app(
        self,
        id: str,
        public_key: Any,
        installations: dict[int, str],
        permissions: Mapping[str, str] = EVERYTHING,
    ) -> App:
        """Let there be a GitHub App, by the public half of its key (PEM, or a key object)."""
        self.apps[id] = App(id, public_key, installations, dict(permissions))
        return self.apps[id]

    def installation_token(self, app: App, installation: int) -> Token:
        """Return a new token for an installation, valid for an hour."""
        owner = app.installations.get(installation)
        if owner is None:
            raise not_found()
        value = f"ghs_{secrets.token_urlsafe(36)}"
        expires_at = self.now() + TOKEN_SECONDS
        return self.add_token(value, f"{app.id}[bot]", {owner}, app.permissions, expires_at, "app")

    def token(self, value: str | None) -> Token:
        """Return the token with that value; refuses unknown and expired ones."""
        if value is None:
            raise Refusal(401, "Requires authentication")
        token = self.tokens.get(value)
        if token is None or (token.expires_at is not None and token.expires_at <= self.now()):
            raise Refusal(401, "Bad credentials")
        return token

    def account(self, login: str) -> Account:
        """Return an account, however its name is written."""
        account = self.accounts.get(login.lower())
        if account is None:
            raise not_found()
        return account

    def repository(self, full_name: str) -> Repository:
        """Return a repository by owner/name, however that is written; refuses unknown ones."""
        found = self.repositories.get(full_name.lower())
        if found is None:
            raise not_found()
        return found

    def create_repository(
        self, full_name: str, description: str | None = None, private: bool = True
    ) -> Repository:
        """Make an empty repository. It must not exist."""
        owner, name = full_name.split("/")
        account = self.account(owner)
        place = self.folder / account.login / f"{name}.git"
        repository = Repository(self.next_id(), account, name, place, description, private)
        self.repositories[full_name.lower()] = repository
        return repository

    def rename(self, full_name: str, new_name: str) -> Repository:
        """Give a repository another name; the old one leads to the new one."""
        repository = self.repository(full_name)
        del self.repositories[full_name.lower()]
        target = repository.folder.with_name(f"{new_name}.git")
        repository.folder.rename(target)
        repository.name, repository.place = new_name, target
        self.repositories[repository.full_name.lower()] = repository
        self.renamed[full_name.lower()] = repository.full_name
        return repository

    def merge(self, full_name: str, number: int) -> str:
        """Merge a pull request as a person does; return the new commit of its base."""
        repository = self.repository(full_name)
        pull = next(pull for pull in repository.pulls if pull.number == number)
        title = f"Merge pull request #{number}"
        commit = git.merge(repository.folder, pull.base, pull.head, title)
        pull.state, pull.merged_at = "closed", self.timestamp()
        return commit

    def start(self, run: Run) -> None:
        """Hand a run to whoever plays it."""
        if self.on_run is not None:
            threading.Thread(target=self.on_run, args=(run,), daemon=True).start()
