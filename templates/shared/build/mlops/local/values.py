"""Values of pipeline variables while the pipeline runs on this machine."""

import json
import operator
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from mlops.check.conditions import negated
from mlops.check.definition import Definition, is_variable, parse_reference
from mlops.check.paths import PathError, parse_path, select
from mlops.check.variables import as_text
from mlops.local.store import LocalStore

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}


class ValueUnavailableError(Exception):
    """A variable has no value, for example because a step did not write what it should."""


@dataclass(frozen=True)
class ExecutionFacts:
    """What `Execution.*` variables tell; `started` is an ISO 8601 time in UTC."""

    id: str
    pipeline_name: str
    region: str
    account_id: str
    started: str

    def arn(self, resource: str) -> str:
        """The ARN of a SageMaker resource of this execution's account."""
        return f"arn:aws:sagemaker:{self.region}:{self.account_id}:{resource}"

    def variable(self, name: str) -> str:
        """The value of `Execution.<name>`."""
        pipeline = self.arn(f"pipeline/{self.pipeline_name}")
        values = {
            "PipelineName": self.pipeline_name,
            "PipelineArn": pipeline,
            "PipelineExecutionId": self.id,
            "PipelineExecutionArn": f"{pipeline}/execution/{self.id}",
            "StartDateTime": self.started,
            "CurrentDateTime": self.started,
        }
        if name not in values:
            raise ValueUnavailableError(f"Execution.{name} has no value in a local run")
        return values[name]


class Values:
    """Replaces variables by values. `answers` grows as steps end: step name to its answer."""

    def __init__(
        self,
        definition: Definition,
        parameters: Mapping[str, Any],
        facts: ExecutionFacts,
        store: LocalStore,
    ) -> None:
        self.definition = definition
        self.parameters = parameters
        self.facts = facts
        self.store = store
        self.answers: MutableMapping[str, Mapping[str, Any]] = {}

    def resolve(self, value: Any) -> Any:
        """`value` with every variable inside replaced; raises `ValueUnavailableError`."""
        if is_variable(value):
            return self._variable(value)
        if isinstance(value, Mapping):
            return {key: self.resolve(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        return value

    def _variable(self, variable: Mapping[str, Any]) -> Any:
        ((function, argument),) = variable.items()
        if function == "Std:Join":
            return argument["On"].join(as_text(self.resolve(item)) for item in argument["Values"])
        if function == "Std:JsonGet":
            return self._json_get(argument)
        reference = parse_reference(argument)
        if reference.root == "Parameters":
            return self.parameters[reference.name]
        if reference.root == "Execution":
            return self.facts.variable(reference.name)
        if reference.name not in self.answers:
            raise ValueUnavailableError(f"step {reference.name!r} has not run")
        try:
            return select(self.answers[reference.name], reference.path)
        except PathError as error:
            raise ValueUnavailableError(f"{argument}: {error}") from error

    def _json_get(self, argument: Mapping[str, Any]) -> Any:
        if "S3Uri" in argument:
            uri = self.resolve(argument["S3Uri"])
        else:
            uri = self._property_file(argument["PropertyFile"]["Get"])
        try:
            document = json.loads(self.store.path(uri).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ValueUnavailableError(f"{uri} cannot be read: {error}") from error
        try:
            return select(document, parse_path(argument["Path"]))
        except PathError as error:
            raise ValueUnavailableError(f"{argument['Path']!r} of {uri}: {error}") from error

    def _property_file(self, source: str) -> str:
        _, name, _, file = source.split(".")
        step = self.definition.steps[name]
        declared = next(item for item in step.property_files if item["PropertyFileName"] == file)
        output = f"ProcessingOutputConfig.Outputs['{declared['OutputName']}'].S3Output.S3Uri"
        prefix = self.resolve({"Get": f"Steps.{name}.{output}"})
        return f"{str(prefix).rstrip('/')}/{declared['FilePath']}"

    def holds(self, condition: Mapping[str, Any]) -> bool:
        """Whether a condition of a Condition step is true."""
        kind = condition["Type"]
        if kind == "Not":
            return not self.holds(negated(condition))
        if kind == "Or":
            return any(self.holds(item) for item in condition["Conditions"])
        if kind == "In":
            return self.resolve(condition["QueryValue"]) in self.resolve(condition["Values"])
        left, right = (self.resolve(condition[side]) for side in ("LeftValue", "RightValue"))
        try:
            return bool(_COMPARE[kind](left, right))
        except TypeError as error:
            raise ValueUnavailableError(f"{left!r} {kind} {right!r}: {error}") from error
