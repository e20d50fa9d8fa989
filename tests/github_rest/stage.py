"""What these tests share: a clock that needs no waiting, one GitHub, and a token to look for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import tracebacks

from generator.github.clock import Clock
from generator.github.concealed import Concealed
from generator.github.http import Http
from generator.github.instance import Instance, instance
from generator.github.tokens import ReadTokens, TokenSource, git_password
from generator.github.transport import Api
from generator.remotes import GitBase, git_base
from generator.standins.github import GitHubStandIn
from generator.standins.github.access import EVERYTHING
from generator.standins.github.journal import disguises

CANARY = "github_pat_canary0a1b2c3d4e5f"
ORGANIZATION, PERSON, TEAM = "acme-ml", "ann", "governance"
START = 1_800_000_000.0


class TestClock(Clock):
    """A clock that stands still but for sleeping; `slept` keeps each pause."""

    __test__ = False

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = START
        self.slept: list[float] = []

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds
            self.slept.append(seconds)


@dataclass
class Stage:
    """A GitHub with an organization, a person and a team, and our way to it."""

    hub: GitHubStandIn
    clock: TestClock
    token: str = field(default=CANARY, repr=False)

    @property
    def place(self) -> Instance:
        """The address, as of github.com."""
        return instance(self.hub.url, self.hub.url)

    @property
    def server(self) -> Instance:
        """The address, as of an Enterprise Server."""
        return instance(self.hub.url)

    @property
    def tokens(self) -> TokenSource:
        return ReadTokens(lambda: Concealed(self.token))

    def api(self, place: Instance | None = None, read: float = 10.0) -> Api:
        """A new Api, as a new process has it."""
        return Api(place or self.place, self.tokens, http=Http(read=read), clock=self.clock)

    def with_permissions(self, **permissions: str | None) -> Api:
        """An Api whose token has other permissions than all; None takes one away."""
        granted = {name: level for name, level in {**EVERYTHING, **permissions}.items() if level}
        value = f"{CANARY}-{len(self.hub.tokens)}"
        self.hub.add_token(value, PERSON, {ORGANIZATION, PERSON}, granted)
        tokens = ReadTokens(lambda: Concealed(value))
        return Api(self.place, tokens, http=Http(), clock=self.clock)

    @property
    def base(self) -> GitBase:
        return git_base(self.hub.url, git_password(self.tokens))

    def asked(self, act: Callable[[], object]) -> list[str]:
        """The operations that `act` calls, in order."""
        before = len(self.hub.journal.entries)
        act()
        return [entry.operation for entry in self.hub.journal.entries[before:]]


def furnish(hub: GitHubStandIn) -> None:
    """Let there be the accounts and the token of these tests."""
    hub.add_account(ORGANIZATION, "Organization")
    hub.add_account(PERSON, "User")
    hub.add_team(ORGANIZATION, TEAM)
    hub.add_token(CANARY, PERSON, {ORGANIZATION, PERSON})


def everything_said(error: BaseException | None) -> str:
    """A traceback with causes, and every local variable of the GitHub client in it."""
    return tracebacks.everything_said(error, within="/generator/github/")


def no_secret(text: str, secret: str = CANARY) -> None:
    """Assert that `text` shows the secret in no disguise."""
    for disguise in disguises(secret):
        assert disguise not in text


def pushed(stage: Stage, name: str, files: Mapping[str, str], branch: str = "main") -> str:
    """Commit files on a branch of a repository, as a person does; return the commit."""
    from generator.standins.github import git

    folder = stage.hub.repository(name).folder
    heads = git.heads(folder)
    parent = heads.get(branch) or heads.get("main")
    lines = []
    if parent:
        lines = git.git(folder, "ls-tree", "-r", parent).splitlines()
    for path, text in files.items():
        blob = git.git(folder, "hash-object", "-w", "--stdin", content=text.encode())
        lines = [line for line in lines if not line.endswith(f"\t{path}")]
        lines.append(f"100644 blob {blob}\t{path}")
    tree = _tree(folder, lines)
    above = ["-p", parent] if parent else []
    commit = git.git(folder, "commit-tree", tree, *above, "-m", "by a person")
    git.git(folder, "update-ref", f"refs/heads/{branch}", commit)
    return commit


def _tree(folder: Any, lines: list[str]) -> str:
    """Write nested trees for flat "mode type id<tab>path" lines; return the root's id."""
    from generator.standins.github import git

    flat, nested = [], {}
    for line in lines:
        details, path = line.split("\t", 1)
        top, slash, rest = path.partition("/")
        if slash:
            nested.setdefault(top, []).append(f"{details}\t{rest}")
        else:
            flat.append(line)
    for top, inner in nested.items():
        flat.append(f"040000 tree {_tree(folder, inner)}\t{top}")
    return git.git(folder, "mktree", content=("\n".join(flat) + "\n").encode())
