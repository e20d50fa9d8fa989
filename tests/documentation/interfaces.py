"""What a Makefile and the command `aiops` offer."""

from __future__ import annotations

import re
from pathlib import Path

import click


def makefile(repository: Path) -> str:
    """The Makefile, with the commands that only this repository has."""
    own = repository / "commands.mk"
    return (repository / "Makefile").read_text() + (own.read_text() if own.is_file() else "")


def targets(repository: Path) -> dict[str, str]:
    """Documented targets of a Makefile and what they are for."""
    return dict(re.findall(r"^([a-z0-9-]+):.*?## (.+)$", makefile(repository), re.MULTILINE))


def aiops_options(command: click.Command) -> set[str]:
    shown = [param for param in command.params if isinstance(param, click.Option)]
    return {option for param in shown for option in (*param.opts, *param.secondary_opts)}
