"""Which commit the sources are: what a run, a model package and an execution are traced by."""

from __future__ import annotations

import os
import subprocess


def current_commit() -> str | None:
    """The commit of the sources, marked when they differ from it; None outside of git."""
    if commit := os.environ.get("GITHUB_SHA"):
        return commit
    try:
        commit = _git("rev-parse", "HEAD")
        # Of what is above this folder, nothing is run.
        return f"{commit}-modified" if _git("status", "--porcelain", "--", ".") else commit
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()
