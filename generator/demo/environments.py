"""Environments of rendered repositories, shared by all repositories with the same requirements.

A rendered repository installs into its own `.venv`; the demo and the tests work on many copies
of the same one, so they hand its Makefile one folder for each set of requirements.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.demo.commands import environment
from generator.errors import GeneratorError

INPUTS = ("requirements.txt", "requirements-cuda.txt", "Makefile", "package-lock.json")
# A repository's own commands count where they say what else is installed, in such variables.
OWN_COMMANDS, INSTALLING = "commands.mk", b"INSTALL_"


class SetupFailed(GeneratorError):
    """`make setup` of a rendered repository did not succeed."""


def environment_for(repository: Path, cache: Path) -> Path:
    """Return the environment of a rendered repository, installed when it is not there yet.

    `repository` is a rendered build or deploy repository, `cache` the folder that holds the
    environments. Safe when several processes ask at the same time. Raises SetupFailed with the
    last lines of the installation.
    """
    venv = cache.resolve() / environment_name(repository)
    venv.parent.mkdir(parents=True, exist_ok=True)
    with _locked(venv.with_suffix(".lock")):
        done = subprocess.run(
            ["make", "--no-print-directory", "setup", f"VENV={venv}"],
            cwd=repository,
            env=environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise SetupFailed(f"make setup failed in {repository}:\n{tail}")
    return venv


def environment_name(repository: Path) -> str:
    """Return the folder's name: the same for all repositories that install the same."""
    digest = hashlib.sha256()
    for name in INPUTS:
        path = repository / name
        digest.update(path.read_bytes() if path.is_file() else b"")
    own = repository / OWN_COMMANDS
    if own.is_file() and INSTALLING in (commands := own.read_bytes()):
        digest.update(commands)
    return f"{repository.name}-{digest.hexdigest()[:12]}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
