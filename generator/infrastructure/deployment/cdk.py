"""Runs the CDK's command line on stacks that are written already, never on a program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from generator.errors import GeneratorError, InputError

CLI = Path("node_modules", "aws-cdk", "bin", "cdk")
# What it would send or fetch beside its work.
_QUIET = ("--no-notices", "--no-version-reporting")
_SILENT = {"CDK_DISABLE_CLI_TELEMETRY": "true", "CDK_DISABLE_VERSION_CHECK": "true"}


class CdkFailed(GeneratorError):
    """The CDK's command line failed; it has said why."""


def command_line(checkout: Path) -> tuple[str, ...]:
    """Return the start of each of its commands. Raises InputError when it is not installed."""
    cli = checkout / CLI
    beside = Path(sys.executable).with_name("node")
    node = str(beside) if os.access(beside, os.X_OK) else shutil.which("node")
    if node is None or not cli.is_file():
        raise InputError(f"the CDK's command line is not at {cli}, or no Node.js: run make setup")
    return (node, str(cli))


def on_stacks(
    cdk: Sequence[str], action: str, folder: Path, names: Sequence[str], *options: str
) -> None:
    """Run `action` on the stacks `names` in `folder`, one after the other, with nothing they need.

    A stack that another account has is none of ours to deploy, even if this one needs it: hence
    `--exclusively`. Raises CdkFailed at the first that fails.
    """
    assembly = ("--app", str(folder.resolve()))
    for name in names:
        _run(
            # Before the options: what stands after "--" is ignored, and then all stacks are meant.
            [*cdk, action, name, *assembly, "--exclusively", *_QUIET, *options],
            f"cdk {action} {name}",
        )


def bootstrap(cdk: Sequence[str], environment: str) -> None:
    """Set the CDK up in `environment`, such as aws://111122223333/eu-west-1."""
    _run([*cdk, "bootstrap", environment, *_QUIET], f"cdk bootstrap {environment}")


def _run(command: Sequence[str], what: str) -> None:
    # Its questions and its answers go straight to the person; no shell sees a value.
    sys.stdout.flush()
    done = subprocess.run(command, env={**os.environ, **_SILENT}, check=False)
    if done.returncode:
        raise CdkFailed(f"{what} failed: its reason is above; nothing after it was done")
