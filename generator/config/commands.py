"""`aiops config`: check an administrator's configuration, or print one to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.errors import InputError

# What a command needs is imported when it runs.
if TYPE_CHECKING:
    from generator.catalog import Catalog
    from generator.config.model import Config

_PATH = click.Path(path_type=Path)


@click.group("config")
def config_group() -> None:
    """Check the administrator's configuration, or print an example of one."""


@config_group.command("check")
@click.argument("file", type=_PATH)
def check_file(file: Path) -> None:
    """Say what FILE is understood to mean, or everything that must be corrected in it.

    Templates in a git repository are fetched, with the token in AIOPS_GIT_TOKEN if there is one.
    """
    from rich.console import Console

    from generator.config.loading import check
    from generator.config.summary import summary

    console = Console(highlight=False, soft_wrap=True)
    console.print(summary(check(file, _catalog)))
    console.print(f"{file} can be used.")


@config_group.command("example")
@click.argument("file", type=_PATH, required=False)
def print_example(file: Path | None) -> None:
    """Print a complete configuration with an explanation of every key, or write it into FILE."""
    from generator.config.example_file import example

    if file is None:
        click.echo(example(), nl=False)
        return
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(example())
    except FileExistsError:
        raise InputError(f"{file} exists already: choose another name") from None
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"{file} is written: edit it, then run aiops config check {file}")


def _catalog(config: Config) -> Catalog:
    from generator.config.templates import templates_of
    from generator.remotes import environment_token

    return templates_of(config, environment_token())
