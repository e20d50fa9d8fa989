"""Where the repositories of a test are, and what a person finds in them after a push."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from generator_stage import BUILD, git, small_seed

from generator.remotes import GitBase, git_base
from generator.repositories import Seed, seed
from generator.standins.gitserver import GitServer

CANARY = "canary-0a1b2c3d4e5f-token"
WANTED = small_seed()
OURS = set(WANTED.files)


@dataclass
class Place:
    """Where repositories are: `base` for us, `folder` for a person who looks."""

    base: GitBase
    folder: Path

    @property
    def repository(self) -> Path:
        return self.folder / f"{BUILD}.git"

    def seed(self, wanted: Seed = WANTED) -> tuple[str, str]:
        """Push and return (state, branch), having checked what is reported against git."""
        done = seed(self.base.remote(wanted.name), wanted)
        assert git("rev-parse", done.branch, cwd=self.repository) == done.commit
        assert git("rev-parse", f"{done.branch}^{{tree}}", cwd=self.repository) == done.tree
        assert (done.role, done.name) == (wanted.role, wanted.name)
        assert done.url == self.base.remote(wanted.name).location
        assert (done.note is None) == (done.state != "branch")
        git("fsck", "--strict", "--no-dangling", cwd=self.repository)
        return done.state, done.branch


def at(server: GitServer, token: str | None = CANARY) -> Place:
    """Return the place that a running server is, for one who has `token`."""
    return Place(git_base(server.url, (lambda: token) if token else None), server.folder)


def hook(server: GitServer, script: str) -> None:
    """Let a script decide which branches the repository takes; its first argument is the branch."""
    path = server.folder / f"{BUILD}.git" / "hooks" / "update"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
