"""Condition and Fail steps: comparisons that can be made, branches that exist."""

from collections.abc import Mapping
from typing import Any

from mlops.check.definition import BRANCHES, Step, is_variable
from mlops.check.findings import Findings, show, suggest
from mlops.check.variables import UNKNOWN, Inferred, Variables

ORDERED = ("GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo")
COMPARISONS = ("Equals", *ORDERED)
CONDITION_TYPES = (*COMPARISONS, "In", "Not", "Or")
_NUMBERS = {"integer", "long", "float", "double"}
_LONGEST_MESSAGE = 3072


class ConditionCheck:
    """Checks one Condition step."""

    def __init__(self, step: Step, variables: Variables, findings: Findings) -> None:
        self.step = step
        self.variables = variables
        self.findings = findings

    def run(self) -> None:
        """Check the conditions and that at least one branch has a step."""
        arguments = self.step.arguments
        self._all(arguments.get("Conditions"), "Arguments.Conditions")
        if not any(arguments.get(branch) for branch in BRANCHES):
            self._error("Arguments", "neither IfSteps nor ElseSteps has a step", "add one")
        for key in sorted(set(arguments) - {"Conditions", *BRANCHES}):
            fix = suggest(key, ["Conditions", *BRANCHES])
            self._error(f"Arguments.{key}", f"a Condition step has no argument {key!r}", fix)

    def _error(self, path: str, problem: str, fix: str = "") -> None:
        self.findings.error(self.step.name, path, problem, fix)

    def _all(self, conditions: Any, path: str) -> None:
        if not isinstance(conditions, list) or not conditions:
            self._error(path, f"{show(conditions)} is not a list of conditions", "add a condition")
            return
        for index, condition in enumerate(conditions):
            self._condition(condition, f"{path}[{index}]")

    def _condition(self, condition: Any, path: str) -> None:
        kind = condition.get("Type") if isinstance(condition, Mapping) else None
        if kind not in CONDITION_TYPES:
            fix = suggest(str(kind), CONDITION_TYPES)
            self._error(f"{path}.Type", f"{show(kind)} is not a type of condition", fix)
        elif kind == "Not":
            self._condition(negated(condition), f"{path}.Condition")
        elif kind == "Or":
            self._all(condition.get("Conditions"), f"{path}.Conditions")
        elif kind == "In":
            self._value(condition, "QueryValue", path)
            values = condition.get("Values")
            if not isinstance(values, list) or not values:
                self._error(f"{path}.Values", f"{show(values)} is not a list of values")
        else:
            self._comparison(condition, kind, path)

    def _comparison(self, condition: Mapping[str, Any], kind: str, path: str) -> None:
        left = self._value(condition, "LeftValue", path)
        right = self._value(condition, "RightValue", path)
        if left.kind is None or right.kind is None:
            known = left.kind or right.kind
            if kind in ORDERED and known is not None and known not in _NUMBERS:
                self._error(
                    path, f"{kind} compares numbers, one side is of type {known}", "use Equals"
                )
            return
        if _class_of(left.kind) != _class_of(right.kind):
            self._error(path, f"{kind} compares {left.kind} with {right.kind}", "convert one")
        elif kind in ORDERED and left.kind not in _NUMBERS:
            self._error(path, f"{kind} compares numbers, both sides are {left.kind}", "use Equals")

    def _value(self, condition: Mapping[str, Any], key: str, path: str) -> Inferred:
        place = f"{path}.{key}"
        value = condition.get(key)
        if is_variable(value):
            return self.variables.infer(value, self.step, place)
        if isinstance(value, bool):
            return Inferred("boolean", (value,))
        if isinstance(value, int | float):
            return Inferred("float", (value,))
        if isinstance(value, str):
            return Inferred("string", (value,))
        self._error(place, f"{show(value)} cannot be compared", "give a text, number or variable")
        return UNKNOWN


def negated(condition: Mapping[str, Any]) -> Any:
    """The condition that a `Not` turns round; the SDK and the service's schema name it apart."""
    return condition.get("Condition", condition.get("Expression"))


def check_fail(step: Step, variables: Variables, findings: Findings) -> None:
    """A Fail step says why, in a text that SageMaker will take."""
    message = step.arguments.get("ErrorMessage")
    path = "Arguments.ErrorMessage"
    if is_variable(message):
        inferred = variables.infer(message, step, path)
        if inferred.kind not in {None, "string"}:
            problem = f"{show(message)} is of type {inferred.kind}, not string"
            findings.error(step.name, path, problem, "use .to_string() on it")
    elif not isinstance(message, str) or not message:
        findings.error(step.name, path, f"{show(message)} is not a message", "say what failed")
    elif len(message) > _LONGEST_MESSAGE:
        problem = f"{len(message)} characters, at most {_LONGEST_MESSAGE} allowed"
        findings.error(step.name, path, problem)


def _class_of(kind: str) -> str:
    return "number" if kind in _NUMBERS else kind
