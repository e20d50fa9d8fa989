"""A git server with a repository of templates, as a person would make it with git itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from conftest import TEMPLATES

from generator.config.model import TemplateSource
from generator.remotes import Remote
from generator.standins.gitserver import GitServer

TOKEN = "canary-9f8e7d6c5b4a-token"
NAME = "acme-ml/templates"


def git(*command: str | Path, cwd: Path) -> str:
    """Run git without anybody's configuration; return what it printed."""
    done = subprocess.run(
        ["git", *map(str, command)],
        cwd=cwd,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(cwd),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            **{
                f"GIT_{who}_{what}": value
                for who in ("AUTHOR", "COMMITTER")
                for what, value in {"NAME": "A person", "EMAIL": "person@example.com"}.items()
            },
        },
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, f"git {command}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


class Collection:
    """The repository `acme-ml/templates` of a running server, and a clone to work in."""

    def __init__(self, server: GitServer, clone: Path) -> None:
        self.server = server
        self.bare = server.create(NAME)
        self.clone = clone
        clone.mkdir()
        git("init", "--quiet", "--initial-branch=main", ".", cwd=clone)
        git("remote", "add", "origin", self.bare, cwd=clone)

    @property
    def url(self) -> str:
        return f"{self.server.url}/{NAME}.git"

    def remote(self, token: str | None = TOKEN) -> Remote:
        return Remote(self.url, in_folder=False, token=(lambda: token) if token else None)

    def source(self, ref: str, folder: str = "templates") -> TemplateSource:
        return TemplateSource(self.url, ref, folder)

    def commit(self, change: Callable[[Path], object], push: bool = True) -> str:
        """Change the clone, commit and push; return the commit's id."""
        change(self.clone)
        git("add", "--all", "--force", ".", cwd=self.clone)
        git("commit", "--quiet", "--allow-empty", "--message", "by a person", cwd=self.clone)
        if push:
            git("push", "--quiet", "origin", "HEAD:main", cwd=self.clone)
        return git("rev-parse", "HEAD", cwd=self.clone)

    def tag(self, name: str, commit: str = "HEAD", *, annotated: bool = False) -> None:
        how = ("--annotate", "--message", "a release") if annotated else ()
        git("tag", "--force", *how, name, commit, cwd=self.clone)
        git("push", "--quiet", "--force", "origin", f"refs/tags/{name}", cwd=self.clone)


def our_templates(clone: Path) -> None:
    """Put this project's own templates into the clone, with the hooks that they link to."""
    for folder in ("templates", "hooks"):
        shutil.copytree(
            TEMPLATES.parent / folder,
            clone / folder,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache"),
        )
