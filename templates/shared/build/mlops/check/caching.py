"""Step caching that can hit: nothing of one execution in a cached step's key.

A cached step is skipped, and its answer is that of an earlier execution: its outputs are where
that execution wrote them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mlops.check.definition import (
    BRANCHES,
    Definition,
    Step,
    is_variable,
    parse_reference,
    variables_in,
)
from mlops.check.findings import Findings, show
from mlops.check.paths import PathError
from mlops.check.steptypes import STABLE_EXECUTION_VARIABLES, STEP_TYPES
from mlops.check.variables import Variables


def check_caching(definition: Definition, variables: Variables, findings: Findings) -> None:
    """Warn of keys that change with every execution; refuse addresses that a hit leaves empty."""
    for step in definition.steps.values():
        if step.cached:
            for path, variable in _execution_variables(step):
                findings.warning(
                    step.name,
                    path,
                    f"{show(variable)} is new in every execution: this step can never be reused",
                    "leave it out, or read it from the job's own configuration file",
                )
    outputs = dict(_output_addresses(definition, variables))
    for step in definition.steps.values():
        spelled: dict[str, str] = {}
        for path, address in _joined_addresses(step, variables):
            for prefix, producer in outputs.items():
                inside = address == prefix or address.startswith(f"{prefix}/")
                if inside and producer.name != step.name and producer.cached:
                    spelled[path] = producer.name
        for path, name in spelled.items():
            if not any(other.startswith(f"{path}.") for other in spelled):
                findings.error(
                    step.name,
                    path,
                    f"spells out where {name!r} writes in this execution; when {name!r} is "
                    "reused from the cache, nothing is there",
                    f"refer to the property of step {name!r} instead",
                )


def _execution_variables(step: Step) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for attribute in STEP_TYPES[step.type].cache_key:
        for path, variable in variables_in(step.arguments.get(attribute), f"Arguments.{attribute}"):
            try:
                reference = parse_reference(variable.get("Get"))
            except PathError:
                continue
            if reference.root == "Execution" and reference.name not in STABLE_EXECUTION_VARIABLES:
                yield path, variable


def _output_addresses(definition: Definition, variables: Variables) -> Iterator[tuple[str, Step]]:
    """Prefixes that a step writes to and that depend on the execution."""
    for step in definition.steps.values():
        config = step.arguments.get("ProcessingOutputConfig") or {}
        addresses = [
            (output.get("S3Output") or {}).get("S3Uri") for output in config.get("Outputs") or ()
        ]
        addresses.append((step.arguments.get("OutputDataConfig") or {}).get("S3OutputPath"))
        for address in addresses:
            text = _joined(address, step, variables)
            if text:
                yield text, step


def _joined_addresses(step: Step, variables: Variables) -> Iterator[tuple[str, str]]:
    own = {key: value for key, value in step.arguments.items() if key not in BRANCHES}
    for path, variable in variables_in(own, "Arguments"):
        text = _joined(variable, step, variables)
        if text:
            yield path, text


def _joined(value: Any, step: Step, variables: Variables) -> str | None:
    """The address that a join of an execution variable gives, for an example execution."""
    if not is_variable(value) or "Std:Join" not in value:
        return None
    named = [variable.get("Get") for _, variable in variables_in(value) if "Get" in variable]
    if not any(str(name).startswith("Execution.") for name in named):
        return None
    silent = Variables(variables.definition, variables.model, Findings())
    samples = silent.infer(value, step, "").samples
    return str(samples[0]).rstrip("/") if samples else None
