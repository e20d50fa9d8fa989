"""Pipeline variables: does what they refer to exist, and of which type is it?"""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.model import ServiceModel

from mlops.check.definition import (
    Definition,
    Parameter,
    Step,
    is_variable,
    parse_reference,
)
from mlops.check.findings import Findings, show, suggest
from mlops.check.paths import PathError, parse_path
from mlops.check.properties import Properties
from mlops.check.steptypes import EXECUTION_VARIABLES

_KINDS = {"String": "string", "Integer": "integer", "Float": "float", "Boolean": "boolean"}
_SAMPLES = {
    "PipelineExecutionId": "abcdefghijkl",
    "PipelineName": "pipeline",
    "StartDateTime": "2026-01-01T00:00:00Z",
    "CurrentDateTime": "2026-01-01T00:00:00Z",
}
_MOST_SAMPLES = 20


@dataclass(frozen=True)
class Inferred:
    """What is known of a variable before the pipeline runs.

    `kind` is a type of the service model, None when only the run will tell. `samples` are values
    that it can have: a parameter's default and choices, a join of known parts.
    """

    kind: str | None
    samples: tuple[Any, ...] = ()


UNKNOWN = Inferred(None)


class Variables:
    """Resolves variables against one definition and reports those that lead nowhere."""

    def __init__(self, definition: Definition, model: ServiceModel, findings: Findings) -> None:
        self.definition = definition
        self.model = model
        self.findings = findings
        self.used: set[str] = set()
        self._properties = Properties(model, findings)

    def infer(self, variable: Mapping[str, Any], step: Step, path: str) -> Inferred:
        """The type of `variable` at `path` of `step`; reports what is wrong with it."""
        ((function, argument),) = variable.items()
        if function == "Std:Join":
            return self._join(argument, step, path)
        if function == "Std:JsonGet":
            return self._json_get(argument, step, path)
        try:
            reference = parse_reference(argument)
        except PathError as error:
            self.findings.error(step.name, path, str(error))
            return UNKNOWN
        if reference.root == "Parameters":
            return self._parameter(reference.name, step, path)
        if reference.root == "Execution":
            return self._execution(reference.name, step, path)
        target = self._target(reference.name, step, path)
        return Inferred(self._properties.kind(target, reference, step, path)) if target else UNKNOWN

    def _parameter(self, name: str, step: Step, path: str) -> Inferred:
        parameter = self.definition.parameters.get(name)
        if parameter is None:
            fix = suggest(name, self.definition.parameters)
            self.findings.error(step.name, path, f"parameter {name!r} is not declared", fix)
            return UNKNOWN
        self.used.add(name)
        return Inferred(_KINDS[parameter.type], _values(parameter))

    def _execution(self, name: str, step: Step, path: str) -> Inferred:
        if name not in EXECUTION_VARIABLES:
            fix = suggest(name, EXECUTION_VARIABLES)
            self.findings.error(step.name, path, f"there is no Execution.{name}", fix)
            return UNKNOWN
        return Inferred("string", (_SAMPLES[name],) if name in _SAMPLES else ())

    def _join(self, join: Any, step: Step, path: str) -> Inferred:
        if not isinstance(join, Mapping) or not isinstance(join.get("Values"), list):
            self.findings.error(step.name, path, f"Std:Join needs Values: {show(join)}")
            return UNKNOWN
        if not isinstance(join.get("On"), str):
            self.findings.error(step.name, path, f"Std:Join needs On as text: {show(join)}")
            return UNKNOWN
        choices: list[tuple[Any, ...]] = []
        for index, value in enumerate(join["Values"]):
            place = f"{path}.Std:Join.Values[{index}]"
            if is_variable(value):
                part = self.infer(value, step, place)
                choices.append(part.samples)
                if part.kind in {"structure", "list", "map"}:
                    self.findings.error(
                        step.name,
                        place,
                        f"{show(value)} is of type {part.kind}, not a text or number",
                    )
            elif isinstance(value, str | int | float):
                choices.append((value,))
            else:
                self.findings.error(step.name, place, f"{show(value)} cannot be joined to a text")
                choices.append(())
        joined = itertools.islice(itertools.product(*choices), _MOST_SAMPLES)
        return Inferred("string", tuple(join["On"].join(map(as_text, parts)) for parts in joined))

    def _json_get(self, argument: Any, step: Step, path: str) -> Inferred:
        if not isinstance(argument, Mapping) or ("PropertyFile" in argument) == (
            "S3Uri" in argument
        ):
            self.findings.error(
                step.name, path, f"Std:JsonGet needs PropertyFile or S3Uri: {show(argument)}"
            )
            return UNKNOWN
        try:
            parse_path(str(argument.get("Path") or ""))
        except PathError as error:
            self.findings.error(step.name, f"{path}.Path", str(error), "name a value in the file")
        if "S3Uri" in argument:
            if is_variable(argument["S3Uri"]):
                self.infer(argument["S3Uri"], step, f"{path}.S3Uri")
            return UNKNOWN
        self._property_file(argument["PropertyFile"], step, path)
        return UNKNOWN

    def _property_file(self, source: Any, step: Step, path: str) -> None:
        text = source.get("Get") if isinstance(source, Mapping) else None
        found = re.fullmatch(r"Steps\.([^.]+)\.PropertyFiles\.([^.]+)", str(text))
        if not found:
            fix = 'write {"Get": "Steps.<step>.PropertyFiles.<name>"}'
            self.findings.error(step.name, path, f"{show(source)} is not a property file", fix)
            return
        target = self._target(found[1], step, path)
        if target is None:
            return
        declared = [str(item.get("PropertyFileName")) for item in target.property_files]
        if found[2] not in declared:
            self.findings.error(
                step.name,
                path,
                f"step {target.name!r} declares no property file {found[2]!r}",
                suggest(found[2], declared),
            )

    def _target(self, name: str, step: Step, path: str) -> Step | None:
        target = self.definition.steps.get(name)
        if target is None:
            fix = suggest(name, self.definition.steps)
            self.findings.error(step.name, path, f"there is no step {name!r}", fix)
        elif target.branches != step.branches[: len(target.branches)]:
            condition, branch = target.branches[-1]
            self.findings.error(
                step.name,
                path,
                f"step {name!r} runs only in {branch} of {condition!r}, this one does not",
                f"move {step.name!r} into the same branch, or {name!r} out of it",
            )
        return target


def as_text(value: Any) -> str:
    """A value as the pipeline writes it into a text: JSON's `true`, not Python's `True`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _values(parameter: Parameter) -> tuple[Any, ...]:
    values = [] if parameter.default is None else [parameter.default]
    return tuple(dict.fromkeys([*values, *parameter.enum]))
