"""Writes all stacks into a folder that appears only when everything is in order.

What is checked: the security rules of cdk-nag while the stacks are built, then cfn-lint on what
was written.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from generator.config.model import Config
from generator.errors import GeneratorError, InputError, shown
from generator.infrastructure import project_roles
from generator.infrastructure.origin import Origin
from generator.infrastructure.packaging.platforms import Architecture


class RulesBroken(GeneratorError):
    """A stack breaks a security rule, or cfn-lint finds something; the tools have said what."""


@dataclass(frozen=True)
class Synthesis:
    """What was written. templates: by the stack's name; `project-roles` is for each project."""

    directory: Path
    templates: dict[str, Path]


def synthesize(
    config: Config,
    *,
    package: Path,
    architecture: Architecture,
    output: Path,
    origin: Origin | None = None,
) -> Synthesis:
    """Write the stacks of `config` below `output`, replacing what is there.

    package: the zip of the Lambda functions for `architecture`. origin: noted beside the stacks;
    without it they cannot be deployed. Raises InputError when there is no package, RulesBroken on
    findings; `output` is as before then.
    """
    if not package.is_file():
        raise InputError(
            f"--package {shown(str(package))}: there is no such file; run make package"
        )
    output = output.resolve()
    unfinished = output.with_name(f".{output.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        _write(config, package, architecture, unfinished)
        roles = project_roles.template(config.github.oidc_issuer)
        (unfinished / project_roles.FILE_NAME).write_text(f"{json.dumps(roles, indent=1)}\n")
        _lint(unfinished)
        if origin is not None:
            origin.write(unfinished)
        shutil.rmtree(output, ignore_errors=True)
        unfinished.rename(output)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return Synthesis(output, _templates(output))


def _write(config: Config, package: Path, architecture: Architecture, directory: Path) -> None:
    # The CDK starts a process of its own when it is imported: not before everything is checked.
    from generator.infrastructure.components.step_function import Bundle
    from generator.infrastructure.stacks.app import build

    try:
        build(config, Bundle(package.resolve(), architecture), directory).synth()
    except RuntimeError as error:  # how an error of the CDK's other half arrives
        if "ValidationFailed" not in str(error):
            raise
        # The CDK prints the findings itself or puts them here, before the place of its report.
        findings = str(error).removeprefix("ValidationFailed: ").partition("A copy of this")[0]
        raise RulesBroken(f"the stacks break security rules: {findings.strip()}") from None


def _lint(directory: Path) -> None:
    # Not the installed script: its first line breaks in folders whose name has a space.
    cfn_lint = "import sys; from cfnlint.runner import main; sys.exit(main())"
    templates = [str(path) for path in _templates(directory).values()]
    # W3005: the CDK names a function's role among its dependencies although it refers to it too.
    # W1030: empty defaults of project roles, which a condition and a rule keep from being used.
    command = [sys.executable, "-c", cfn_lint, "--ignore-checks", "W3005,W1030", "--", *templates]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RulesBroken(f"cfn-lint finds:\n{(done.stdout + done.stderr).strip()}")


def _templates(directory: Path) -> dict[str, Path]:
    ending = ".template.json"
    return {path.name.removesuffix(ending): path for path in sorted(directory.glob(f"*{ending}"))}
