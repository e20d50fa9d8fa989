"""The repositories' content: plain git commands on bare repositories, and what a push may do."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from generator.standins.gitserver import GIT_ENVIRONMENT

IDENTITY = {
    f"GIT_{role}_{member}": value
    for role in ("AUTHOR", "COMMITTER")
    for member, value in (("NAME", "GitHub"), ("EMAIL", "noreply@github.com"))
}
# Runs in the repository for each branch of a push, with what the server tells it.
UPDATE_HOOK = """#!/bin/sh
branch=${1#refs/heads/}
case "$2" in *[!0]*) exists=yes ;; *) exists= ;; esac
for protected in $PROTECTED_BRANCHES; do
  if [ "$branch" = "$protected" ] && [ "$exists" ]; then
    echo "GH013: Repository rule violations found for $1." >&2
    echo "Changes must be made through a pull request." >&2
    exit 1
  fi
done
if [ ! "$MAY_CHANGE_WORKFLOWS" ]; then
  before=$([ "$exists" ] && git rev-parse -q --verify "$2:.github/workflows")
  after=$(git rev-parse -q --verify "$3:.github/workflows")
  if [ "$after" ] && [ "$before" != "$after" ]; then
    echo "refusing to allow a GitHub App to create or update workflow" \\
      "\\`.github/workflows\\` without \\`workflows\\` permission" >&2
    exit 1
  fi
fi
"""


class GitFailed(Exception):
    """A git command did not do what it was asked for."""


def git(folder: Path, *command: str, content: bytes | None = None) -> str:
    """Run git in a bare repository and return what it printed, without the last line break."""
    done = subprocess.run(
        ["git", *command],
        cwd=folder,
        input=content,
        capture_output=True,
        check=False,
        env={**GIT_ENVIRONMENT, **IDENTITY, "GIT_DIR": str(folder)},
    )
    if done.returncode:
        raise GitFailed(f"git {command[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace").removesuffix("\n")


def create(folder: Path, branch: str) -> None:
    """Make an empty bare repository."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--bare", "--template=", f"--initial-branch={branch}")
    hook = folder / "hooks" / "update"
    hook.parent.mkdir()
    hook.write_text(UPDATE_HOOK)
    hook.chmod(0o755)


def heads(folder: Path, member: str = "objectname") -> dict[str, str]:
    """Return the commit of each branch, or another member of it, such as its tree."""
    listed = git(folder, "for-each-ref", f"--format=%({member}) %(refname:lstrip=2)", "refs/heads")
    pairs = (line.split(" ", 1) for line in listed.splitlines())
    return {name: id for id, name in pairs}


def adopt_first_branch(folder: Path, default: str) -> str:
    """Return the default branch after a push: the first one that came, if `default` did not."""
    found = heads(folder)
    if default in found or not found:
        return default
    first = sorted(found)[0]
    git(folder, "symbolic-ref", "HEAD", f"refs/heads/{first}")
    return first


def read(folder: Path, ref: str, path: str) -> bytes | None:
    """Return a file's content at a branch, tag or commit; None when there is none."""
    done = subprocess.run(
        ["git", "cat-file", "blob", f"{ref}:{path}"],
        cwd=folder,
        capture_output=True,
        check=False,
        env={**GIT_ENVIRONMENT, "GIT_DIR": str(folder)},
    )
    return done.stdout if done.returncode == 0 else None


def listing(folder: Path, ref: str, path: str) -> list[tuple[str, str, str, int]] | None:
    """Return (type, id, name, bytes) of what is in a folder; None when there is no such folder."""
    where = f"{ref}:{path.strip('/')}"
    try:
        listed = git(folder, "ls-tree", "-l", where)
    except GitFailed:
        return None
    entries = []
    for line in listed.splitlines():
        details, name = line.split("\t", 1)
        _, kind, blob, size = details.split()
        entries.append((kind, blob, name, 0 if size == "-" else int(size)))
    return entries


def ahead(folder: Path, base: str, head: str) -> int:
    """Return how many commits `head` has that `base` lacks."""
    return int(git(folder, "rev-list", "--count", f"{base}..{head}"))


def merge(folder: Path, base: str, head: str, message: str) -> str:
    """Merge branch `head` into branch `base` as the button does; return the new commit."""
    tree = git(folder, "merge-tree", "--write-tree", base, head)
    commit = git(folder, "commit-tree", tree, "-p", base, "-p", head, "-m", message)
    git(folder, "update-ref", f"refs/heads/{base}", commit)
    return commit


def objects_with(folder: Path, needles: Sequence[bytes]) -> list[str]:
    """Return the ids of all objects, reachable or not, whose content has one of `needles`."""
    done = subprocess.run(
        ["git", "cat-file", "--batch", "--batch-all-objects", "--unordered"],
        cwd=folder,
        capture_output=True,
        check=True,
        env={**GIT_ENVIRONMENT, "GIT_DIR": str(folder)},
    )
    found, at = [], 0
    while at < len(done.stdout):
        line_end = done.stdout.index(b"\n", at)
        name, _, size = done.stdout[at:line_end].decode().split()
        content = done.stdout[line_end + 1 : line_end + 1 + int(size)]
        if any(needle in content for needle in needles):
            found.append(name)
        at = line_end + 1 + int(size) + 1
    return found
