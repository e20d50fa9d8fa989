"""Synthesizes stages as `make synth` does, and checks the templates with cfn-lint."""

import subprocess
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from components.errors import ConfigurationError
from components.settings import Stage, load_settings
from components.synthesis_summary import OUTPUT_DIRECTORY, Summary, read_summary
from operations.failures import OperationFailed


def synthesize(
    stages: Sequence[Stage],
    *,
    model_package_arn: str | None,
    artifact_uri: str | None = None,
    immediately: bool = False,
    log: TextIO | None = None,
) -> list[Summary]:
    """Write cdk.out/<stage>/ for each stage and check it; what the tools say goes to ``log``.

    That is standard output unless another is given. ``immediately`` replaces the configured rollout
    by one that shifts all traffic at once and ignores alarms. Raises ConfigurationError or
    OperationFailed; the tools have said why.
    """
    log = log or sys.stdout
    command = [sys.executable, "app.py"]
    for stage in stages:
        command.append(f"--stage={stage}")
    if model_package_arn:
        command.append(f"--model-package-arn={model_package_arn}")
    if artifact_uri:
        command.append(f"--artifact-uri={artifact_uri}")
    if immediately:
        command.append("--immediately")
    done = subprocess.run(command, stdout=log, check=False)
    if done.returncode == 2:
        raise ConfigurationError("nothing was synthesized, for the reason above")
    if done.returncode:
        raise OperationFailed("the stack could not be synthesized, see above")
    summaries = [read_summary(OUTPUT_DIRECTORY / stage) for stage in stages]
    settings = load_settings()
    regions = {settings.region(stage) for stage in stages}
    lint_templates([summary.template for summary in summaries], regions, log)
    return summaries


def lint_templates(
    templates: Sequence[str], regions: Iterable[str], log: TextIO | None = None
) -> None:
    """Check templates with cfn-lint for their Regions; raises OperationFailed on findings."""
    log = log or sys.stdout
    # Not the installed script: its first line breaks in folders whose name has a space.
    cfn_lint = "import sys; from cfnlint.runner import main; sys.exit(main())"
    command = [sys.executable, "-c", cfn_lint, "--regions", *sorted(regions), "--", *templates]
    if subprocess.run(command, stdout=log, check=False).returncode:
        raise OperationFailed("cfn-lint found the problems above")
    print(f"cfn-lint: {len(templates)} templates, no findings", file=log, flush=True)
