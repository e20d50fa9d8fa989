"""Runs GitHub's stand-in as a process: `python -m generator.standins.github --folder D`.

It prints one line of JSON with its address, then serves until it is stopped, or until the pipe
that it reads from is closed.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
from pathlib import Path

import click

from generator.standins.github.server import GitHubStandIn
from generator.standins.github.state import Plan


@click.command()
@click.option("--port", default=0, show_default=True, help="0 for any that is free.")
@click.option(
    "--folder", type=click.Path(path_type=Path), required=True, help="For the repositories."
)
@click.option("--organization", "organizations", multiple=True, metavar="LOGIN")
@click.option("--user", "users", multiple=True, metavar="LOGIN")
@click.option("--team", "teams", multiple=True, metavar="ORGANIZATION/SLUG")
@click.option(
    "--token",
    "tokens",
    multiple=True,
    metavar="LOGIN:VARIABLE",
    help="A token for all accounts, in an environment variable.",
)
@click.option(
    "--app",
    "apps",
    multiple=True,
    metavar="ID:INSTALLATION:LOGIN:FILE",
    help="A GitHub App with one installation, and the file of its public key (PEM).",
)
@click.option("--plan", type=click.Choice(["free", "team", "enterprise"]), default="enterprise")
def main(
    port: int,
    folder: Path,
    organizations: tuple[str, ...],
    users: tuple[str, ...],
    teams: tuple[str, ...],
    tokens: tuple[str, ...],
    apps: tuple[str, ...],
    plan: Plan,
) -> None:
    """Play GitHub on 127.0.0.1."""
    with GitHubStandIn(folder, port=port) as stand_in:
        for login in organizations:
            stand_in.add_account(login, "Organization", plan)
        for login in users:
            stand_in.add_account(login, "User", plan)
        for team in teams:
            stand_in.add_team(*team.split("/", 1))
        for token in tokens:
            _add_token(stand_in, *token.split(":", 1))
        for app in apps:
            id, installation, owner, file = app.split(":", 3)
            stand_in.add_app(id, Path(file).read_text(), {int(installation): owner})
        click.echo(json.dumps({"url": stand_in.url}))
        sys.stdout.flush()
        _serve()


def _add_token(stand_in: GitHubStandIn, login: str, variable: str) -> None:
    if login.lower() not in stand_in.accounts:
        stand_in.add_account(login, "User")
    stand_in.add_token(os.environ[variable], login, set(stand_in.accounts))


def _serve() -> None:
    """Wait until whoever started us closes the pipe to us; without one, until we are stopped."""
    if sys.stdin is None or not stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        threading.Event().wait()
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
