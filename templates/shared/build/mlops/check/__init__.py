"""The pipeline definition, checked against botocore's own model of SageMaker before it is sent.

`python -m mlops check [definition.json]` prints what is wrong, where, and how to put it right.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import botocore
from botocore.loaders import Loader
from botocore.model import ServiceModel

from mlops.check.caching import check_caching
from mlops.check.conditions import ConditionCheck, check_fail
from mlops.check.definition import CycleError, Definition, read_definition, variables_in
from mlops.check.findings import Finding, Findings
from mlops.check.shapes import ShapeCheck
from mlops.check.steps import check_step
from mlops.check.steptypes import STEP_TYPES
from mlops.check.structure import check_structure
from mlops.check.variables import Variables
from mlops.errors import CommandError

DEFINITION = Path(".pipeline/definition.json")

__all__ = ["Finding", "check_definition", "load_document", "main"]


def check_definition(document: Any) -> list[Finding]:
    """Everything that is wrong with a definition; empty when nothing is."""
    findings = Findings()
    if not check_structure(document, findings):
        return findings
    definition = read_definition(document)
    variables = Variables(definition, service_model(), findings)
    for step in definition.steps.values():
        check_step(step, definition, findings)
        if step.type == "Condition":
            ConditionCheck(step, variables, findings).run()
        elif step.type == "Fail":
            check_fail(step, variables, findings)
        elif STEP_TYPES[step.type].request:
            ShapeCheck(step, variables, findings).run()
        else:
            for path, variable in variables_in(dict(step.arguments), "Arguments"):
                variables.infer(variable, step, path)
    try:
        definition.order()
    except CycleError as error:
        problem = f"steps wait for each other: {error}"
        findings.error(error.names[0], "", problem, "remove one of the references")
    else:
        check_caching(definition, variables, findings)
    _check_use(definition, variables, findings)
    _check_size(document, findings)
    return findings


@cache
def service_model() -> ServiceModel:
    """botocore's description of the SageMaker API, from the installed package and nowhere else.

    A session would also look at the person's AWS configuration.
    """
    loader = Loader(
        extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False
    )
    return ServiceModel(loader.load_service_model("sagemaker", "service-2"), "sagemaker")


def _check_use(definition: Definition, variables: Variables, findings: Findings) -> None:
    for name in definition.parameters.keys() - variables.used:
        findings.warning("", f"Parameters.{name}", "no step uses this parameter", "remove it")


def _check_size(document: Any, findings: Findings) -> None:
    limit = int(service_model().shape_for("PipelineDefinition").metadata["max"])
    size = len(json.dumps(document))
    if size > limit:
        problem = f"the definition has {size} characters, SageMaker takes {limit}"
        findings.error("", "", problem, "move constants into the steps' own settings")


def load_document(path: Path) -> Any:
    """The JSON in `path`; raises `CommandError` for an absent, torn or ambiguous file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"cannot read {path} ({error.strerror}): run `python -m mlops compile` first",
            exit_code=2,
        ) from error
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except ValueError as error:
        raise CommandError(f"{path} is not a definition: {error}", exit_code=1) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has the member {twice!r} twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


def main(arguments: Sequence[str]) -> int:
    """The command: 0 when the definition is good, 1 when SageMaker would refuse it."""
    parser = argparse.ArgumentParser("python -m mlops check", description=__doc__)
    parser.add_argument("definition", nargs="?", type=Path, default=DEFINITION)
    parser.add_argument("--strict", action="store_true", help="treat warnings as errors")
    options = parser.parse_args(arguments)
    document = load_document(options.definition)
    findings = check_definition(document)
    errors = [finding for finding in findings if finding.severity == "error"]
    for finding in findings:
        print(f"{finding}\n", file=sys.stderr if finding in errors else sys.stdout)
    warnings = len(findings) - len(errors)
    if errors:
        print(f"{options.definition}: {len(errors)} errors, {warnings} warnings", file=sys.stderr)
        return 1
    print(f"{options.definition}: no errors, {warnings} warnings (botocore {botocore.__version__})")
    return 1 if options.strict and findings else 0
