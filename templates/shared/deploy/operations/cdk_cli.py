"""Runs the CDK command line that `make setup` installed, on the Node.js that came with it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from components.errors import ConfigurationError


def cdk_command() -> list[str]:
    """How to start the CDK command line; CDK_CLI names another executable."""
    override = os.environ.get("CDK_CLI")
    if override:
        return [override]
    script = Path(sys.prefix) / "cdk" / "node_modules" / "aws-cdk" / "bin" / "cdk"
    if not script.is_file():
        raise ConfigurationError(f"there is no CDK command line at {script}; run make setup")
    return [os.environ.get("JSII_NODE", "node"), str(script)]


def run_cdk(*arguments: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a CDK command in the current directory; the caller judges its exit code.

    With ``capture`` its output is returned, and what it logs stays visible on stderr.
    """
    environment = os.environ | {"CDK_DISABLE_CLI_TELEMETRY": "true"}
    command: Sequence[str] = [*cdk_command(), *arguments]
    return subprocess.run(
        command,
        env=environment,
        stdout=subprocess.PIPE if capture else None,
        text=True,
        check=False,
    )
