"""`python -m mlops <command>`: lists the commands and hands over to the module that does the work.

Each command is a module with `main(arguments: Sequence[str]) -> int`; it is imported only when it
is asked for, so that `check` does not pay ten seconds for the SageMaker SDK.
"""

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from mlops.errors import CommandError


@dataclass(frozen=True)
class Command:
    """A command: the module whose `main` runs it, and its line in the list."""

    module: str
    summary: str


COMMANDS = {
    "data": Command("source.data", "write the sample data"),
    "compile": Command("mlops.compile", "write the pipeline definition and its code to .pipeline/"),
    "check": Command("mlops.check", "check the definition against SageMaker's service model"),
    "run": Command(
        "mlops.local.command", "run the pipeline on this machine, without AWS or Docker"
    ),
    "report": Command("mlops.local.report", "open the evaluation report of the last local run"),
    "registry": Command("mlops.registry", "list, show, approve and reject model packages"),
    "serve": Command("mlops.serve", "serve a model behind /ping and /invocations"),
    "deploy": Command("mlops.deploy", "create or update the pipeline in SageMaker and start it"),
    "summary": Command("mlops.summary", "show a run as Markdown, for a pull request or a job"),
}


def usage() -> str:
    """The list of commands, one line each."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {command.summary}" for name, command in COMMANDS.items()]
    return "\n".join(
        ["usage: python -m mlops COMMAND [options]", "", *lines, "", "COMMAND --help says more."]
    )


def main(arguments: Sequence[str]) -> int:
    """Run the command named by the first argument; 2 when there is no such command."""
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(usage())
        return 0 if arguments else 2
    name, *rest = arguments
    if name not in COMMANDS:
        print(f"mlops: no command {name!r}\n\n{usage()}", file=sys.stderr)
        return 2
    try:
        run = importlib.import_module(COMMANDS[name].module).main
        return int(run(rest) or 0)
    except CommandError as error:
        print(f"mlops {name}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"mlops {name}: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
