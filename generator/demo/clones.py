"""Working copies of the pushed repositories, as a person would clone them."""

from __future__ import annotations

from pathlib import Path

from generator.demo.commands import run
from generator.errors import InputError
from generator.repositories import SeededRepository


def clone(repository: SeededRepository, folder: Path, log: Path) -> bool:
    """Clone the repository at its seeded commit into `folder`; return whether that was needed.

    A folder that is there already must be a clone of this repository that has the commit;
    otherwise InputError: it is somebody's work.
    """
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        branch = ["--branch", repository.branch]
        run(["git", "clone", "--quiet", *branch, "--", repository.url, folder], cwd=folder.parent,
            log=log)  # fmt: skip
        return True
    origin = run(["git", "remote", "get-url", "origin"], cwd=folder, log=log).strip()
    head = run(["git", "rev-parse", "HEAD"], cwd=folder, log=log).strip()
    if (origin, head) != (repository.url, repository.commit):
        raise InputError(
            f"{folder} is at {head[:12]} of {origin}, not at {repository.commit[:12]} of"
            f" {repository.url}; remove the folder, or choose another --output"
        )
    return False
