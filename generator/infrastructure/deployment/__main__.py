"""`python -m generator.infrastructure.deployment`: list, diff, bootstrap or deploy the stacks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from generator.errors import GeneratorError
from generator.infrastructure.configuration import read_configuration
from generator.infrastructure.deployment import cdk
from generator.infrastructure.deployment.account import (
    of_account,
    require_bootstrap,
    signed_in,
)
from generator.infrastructure.deployment.assembly import Stack, chosen, read_stacks
from generator.infrastructure.origin import require_origin
from generator.infrastructure.project_roles import FILE_NAME as PROJECT_ROLES

CHECKOUT = Path(__file__).resolve().parents[3]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = _options(arguments)
    try:
        stacks = read_stacks(options.output)
        if options.action == "list":
            _show(stacks, options.output)
            return 0
        require_origin(options.output, read_configuration(options.config))
        _act(options, stacks)
    except GeneratorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m generator.infrastructure.deployment",
        description="Bring the stacks that make synth wrote into their accounts.",
    )
    parser.add_argument("action", choices=["list", "diff", "bootstrap", "deploy"])
    parser.add_argument("--config", type=Path, metavar="FILE", help="[default: aiops.toml]")
    parser.add_argument(
        "--stack", metavar="NAME", help="[default: all of the account that is signed in to]"
    )
    parser.add_argument("--output", type=Path, default=Path("cdk.out"), metavar="DIR")
    parser.add_argument(
        "--yes", action="store_true", help="do not ask before permissions are widened"
    )
    return parser.parse_args(arguments)


def _act(options: argparse.Namespace, stacks: Sequence[Stack]) -> None:
    wanted = chosen(stacks, options.stack)
    ours = of_account(wanted, signed_in(wanted[0].place.region))
    command = cdk.command_line(CHECKOUT)
    if options.action == "bootstrap":
        for place in dict.fromkeys(stack.place for stack in ours):
            cdk.bootstrap(command, f"aws://{place.account}/{place.region}")
        return
    require_bootstrap(ours)
    asking = ("--require-approval", "never" if options.yes else "broadening")
    more = asking if options.action == "deploy" else ()
    cdk.on_stacks(command, options.action, options.output, [stack.name for stack in ours], *more)
    rest = [stack for stack in wanted if stack not in ours]
    if rest and options.action == "deploy":
        print("Of other accounts, to be signed in to in this order:")
        _table(rest)


def _show(stacks: Sequence[Stack], folder: Path) -> None:
    _table(stacks)
    print(f"For each project and stage, with parameters: {folder / PROJECT_ROLES}")


def _table(stacks: Sequence[Stack]) -> None:
    width = max(len(stack.name) for stack in stacks)
    for stack in stacks:
        after = f"  after {', '.join(stack.after)}" if stack.after else ""
        where = f"{stack.place.account} {stack.place.region}"
        print(f"{stack.name:{width}}  {where}{after}")


if __name__ == "__main__":
    sys.exit(main())
