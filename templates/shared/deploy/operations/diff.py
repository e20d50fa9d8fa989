"""Shows what a deployment would change, in the notation that ```diff blocks colour."""

import re
import sys
from pathlib import Path

from components.settings import Settings, Stage
from components.synthesis_summary import OUTPUT_DIRECTORY
from operations.cdk_cli import run_cdk
from operations.failures import OperationFailed
from operations.package_folder import synthesize_version
from operations.stage_account import connect
from operations.synthesis import synthesize

# The CDK marks a line with [+], [-] or [~], below branches of a tree or inside a table's frame.
_MARKED = re.compile(r"^[\s│├└─]*\[([+~-])\]|^│ ([+-]) │")
_SIGNS = {"+": "+", "-": "-", "~": "!"}


def show_difference(
    settings: Settings, stage: Stage, model_package_arn: str, *, against: Path | None = None
) -> None:
    """Print the difference to the deployed stack, or to a template file.

    Only the difference goes to standard output. Raises ConfigurationError or OperationFailed.
    """
    if against is None:
        session = connect(settings, stage)
        synthesize_version(session, stage, model_package_arn, log=sys.stderr)
    elif against.resolve().is_relative_to(OUTPUT_DIRECTORY.resolve()):
        raise OperationFailed(
            f"{against} is in {OUTPUT_DIRECTORY}/, which is written anew before comparing; "
            "copy it elsewhere first"
        )
    else:
        synthesize([stage], model_package_arn=model_package_arn, log=sys.stderr)
    command = ["diff", "--app", str(OUTPUT_DIRECTORY / stage), "--no-color", "--ci"]
    # Comparing templates needs no permission to create a change set.
    command += ["--template", str(against)] if against else ["--method", "template"]
    done = run_cdk(*command, capture=True)
    if done.returncode:
        raise OperationFailed(f"the CDK could not compare: {done.stdout.strip()}")
    print(as_diff(done.stdout))


def as_diff(text: str) -> str:
    """The CDK's output with each line's sign (+, -, ! for a change, space) in front."""
    lines = text.strip().splitlines()
    if lines and lines[-1].startswith("✨"):  # how many stacks differ: there is only this one
        lines.pop()
    return "\n".join(f"{_sign(line)} {line}".rstrip() for line in lines).rstrip()


def _sign(line: str) -> str:
    match = _MARKED.match(line)
    return _SIGNS[match[1] or match[2]] if match else " "
