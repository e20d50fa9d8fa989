"""A step's arguments against the request shape of its API call in botocore's service model.

botocore itself checks required members, types and ranges when a call is made. This also checks
what only the service would refuse (enums, patterns, unknown members), and sees through variables.
"""

import re
from collections.abc import Mapping
from typing import Any

from botocore.model import Shape

from mlops.check.definition import Step, is_variable
from mlops.check.findings import Findings, show, suggest
from mlops.check.patterns import matches
from mlops.check.steptypes import STEP_TYPES
from mlops.check.variables import Variables

_ACCEPTS = {
    "string": {"string"},
    "timestamp": {"string"},
    "blob": {"string"},
    "integer": {"integer"},
    "long": {"integer", "long"},
    "float": {"integer", "long", "float", "double"},
    "double": {"integer", "long", "float", "double"},
    "boolean": {"boolean"},
}
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "timestamp": (str, int, float),
    "blob": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (list,),
}


class ShapeCheck:
    """Checks the arguments of one step."""

    def __init__(self, step: Step, variables: Variables, findings: Findings) -> None:
        self.step = step
        self.variables = variables
        self.findings = findings

    def run(self) -> None:
        """Check all arguments of the step."""
        kind = STEP_TYPES[self.step.type]
        if kind.request is None:
            return
        shape = self.variables.model.shape_for(kind.request)
        self._value(self.step.arguments, shape, "Arguments", exempt=kind.named_at_run_time)

    def _error(self, path: str, problem: str, fix: str = "") -> None:
        self.findings.error(self.step.name, path, problem, fix)

    def _value(self, value: Any, shape: Shape, path: str, exempt: str | None = None) -> None:
        kind: str = shape.type_name
        if is_variable(value):
            self._variable(value, shape, path)
        elif value is None:
            self._error(path, "is null", "leave the member out")
        elif not isinstance(value, _PYTHON_TYPES[kind]) or (
            isinstance(value, bool) and kind != "boolean"
        ):
            fix = f'write "{value}"' if kind == "string" and not _container(value) else ""
            self._error(path, f"{show(value)} is not of type {kind}", fix)
        elif kind == "structure":
            self._structure(value, shape, path, exempt)  # type: ignore[arg-type]
        elif kind in {"map", "list"}:
            self._collection(value, shape, path)
        else:
            self._scalar(value, shape, path)

    def _collection(self, value: Any, shape: Any, path: str) -> None:
        if shape.type_name == "list":
            self._size(len(value), shape, path, "elements")
            for index, item in enumerate(value):
                self._value(item, shape.member, f"{path}[{index}]")
            return
        self._size(len(value), shape, path, "entries")
        for key, item in value.items():
            self._value(key, shape.key, f"{path} key")
            self._value(item, shape.value, f"{path}.{key}")

    def _structure(
        self, value: Mapping[str, Any], shape: Any, path: str, exempt: str | None
    ) -> None:
        for name in shape.required_members:
            if name not in value and name != exempt:
                self._error(path, f"{shape.name} needs {name!r}", f"add {name}")
        for name, item in value.items():
            if name in shape.members:
                self._value(item, shape.members[name], f"{path}.{name}")
            else:
                problem = f"{shape.name} has no member {name!r}"
                self._error(f"{path}.{name}", problem, suggest(name, shape.members))
        if shape.is_tagged_union and len(value) != 1:
            self._error(path, f"{shape.name} takes exactly one member, not {len(value)}")

    def _variable(self, variable: Mapping[str, Any], shape: Shape, path: str) -> None:
        inferred = self.variables.infer(variable, self.step, path)
        wanted = _ACCEPTS.get(shape.type_name, {shape.type_name})
        if inferred.kind is not None and inferred.kind not in wanted:
            fix = "use .to_string() on it" if shape.type_name == "string" else ""
            if inferred.kind in {"structure", "list", "map"}:
                fix = "refer to one of its values"
            self._error(
                path, f"{show(variable)} is of type {inferred.kind}, not {shape.type_name}", fix
            )
            return
        for sample in inferred.samples:
            self._scalar(sample, shape, path)

    def _scalar(self, value: Any, shape: Any, path: str) -> None:
        if shape.type_name in {"integer", "long", "float", "double"}:
            self._range(value, shape, path)
        if shape.type_name != "string" or not isinstance(value, str):
            return
        choices = list(getattr(shape, "enum", None) or ())
        if choices:
            if value not in choices:
                self._error(path, f"{show(value)} is not a {shape.name}", suggest(value, choices))
            return
        self._size(len(value), shape, path, "characters")
        pattern = shape.metadata.get("pattern")
        try:
            if pattern and not matches(pattern, value):
                self._error(path, f"{show(value)} does not match {pattern}", _in_words(shape.name))
        except re.error as error:
            self.findings.warning(
                self.step.name, path, f"the pattern of {shape.name} cannot be used: {error}"
            )

    def _range(self, value: float, shape: Shape, path: str) -> None:
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and value < float(low):
            self._error(path, f"{value} is below {low}", f"use {low} or more")
        if high is not None and value > float(high):
            self._error(path, f"{value} is above {high}", f"use {high} or less")

    def _size(self, size: int, shape: Shape, path: str, what: str) -> None:
        low, high = int(shape.metadata.get("min", 0)), shape.metadata.get("max")
        if size < low:
            self._error(path, f"{size} {what}, at least {low} needed")
        if high is not None and size > int(high):
            self._error(path, f"{size} {what}, at most {high} allowed")


def _container(value: Any) -> bool:
    return isinstance(value, Mapping | list)


def _in_words(shape: str) -> str:
    """What people usually got wrong when a pattern of the service model does not match."""
    return {
        "RoleArn": "use the role's full ARN, arn:aws:iam::<12 digits>:role/<name>",
        "S3Uri": "use s3://bucket/key",
        "EntityName": "use letters, digits and single inner hyphens, at most 63",
        "ArnOrName": "use letters, digits and hyphens, at most 63, not ending with a hyphen",
    }.get(shape, "change it so that it does")
