"""Runs the commands a person would type, keeps their output in a log, shows its end on failure."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from generator.errors import GeneratorError

TAIL = 25
# What a make leaves in the environment for those below it: theirs are other Makefiles.
OF_MAKE = {"ARGS", "MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS"}


class CommandFailed(GeneratorError):
    """A command of the demo ended with an error; the message has its last lines."""


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without anything of AWS, a make or a Python environment."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and name not in OF_MAKE | {"VIRTUAL_ENV"}
    }
    return {**kept, **(more or {})}


def run(command: Sequence[str | Path], *, cwd: Path, log: Path) -> str:
    """Run a command in `cwd`, write its output to `log`, return it. Raises CommandFailed."""
    words = [str(word) for word in command]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    text = log.read_text(encoding="utf-8", errors="replace")
    if done.returncode:
        tail = "\n".join(text.splitlines()[-TAIL:])
        raise CommandFailed(
            f"{' '.join(words)} (in {cwd}) ended with {done.returncode}; its log is {log}:\n{tail}"
        )
    return text


def make(repository: Path, *words: str, venv: Path, log: Path) -> str:
    """Run a target of a rendered repository's Makefile in a shared environment."""
    return run(["make", "--no-print-directory", f"VENV={venv}", *words], cwd=repository, log=log)


@contextmanager
def variables(wanted: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables of this process, and put them back."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
