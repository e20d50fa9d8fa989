"""Walks a state machine as Step Functions does, and redrives it as its guide says.

Only what our definitions use: Pass, Choice, Wait, Task with Catch, Succeed and Fail; variables and
JSONata. An error that a task raises counts as the last of its attempts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.control.machines import BadExpression, resolve

# resource, arguments -> result.
Serve = Callable[[str, dict[str, Any]], Any]
STEPS = 500


class Raised(Exception):
    """What a task failed with: an error's name, as Step Functions sees it, and its cause."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error, cause)
        self.error, self.cause = error, cause


class Execution:
    """One execution. `run` starts it, `redrive` goes on where it failed."""

    def __init__(self, definition: dict[str, Any], context: dict[str, Any], serve: Serve) -> None:
        self._states, self._context, self._serve = definition["States"], context, serve
        self._at: str = definition["StartAt"]
        self._variables: dict[str, Any] = {}
        self._input: Any = None
        self.status, self.output, self.failure = "RUNNING", None, None
        self.seen: list[str] = []

    def run(self, given: Any) -> str:
        """Start with an input; return the status at the end."""
        self._input = given
        return self._go_on()

    def redrive(self) -> str:
        """Enter the state that failed again, with the same input and variables."""
        assert self.status == "FAILED"
        return self._go_on()

    def _go_on(self) -> str:
        self.status, self.failure = "RUNNING", None
        for _ in range(STEPS):
            self.seen.append(self._at)
            try:
                following = self._enter(self._states[self._at])
            except Raised as raised:
                self.status, self.failure = "FAILED", raised
                return self.status
            if following is None:
                self.status = "SUCCEEDED"
                return self.status
            self._at = following
        raise AssertionError(f"it does not end: {self.seen[-10:]}")

    def _enter(self, state: dict[str, Any]) -> str | None:
        kind, result = state["Type"], None
        if kind == "Fail":
            raise Raised(self._value(state["Error"]), self._value(state["Cause"]))
        if kind == "Choice":
            for choice in state["Choices"]:
                if self._value(choice["Condition"]):
                    return str(choice["Next"])
            if "Default" not in state:
                raise Raised("States.NoChoiceMatched")
            return str(state["Default"])
        if kind == "Task":
            try:
                result = self._serve(state["Resource"], self._value(state["Arguments"]))
            except BadExpression as error:
                return self._caught(state, Raised("States.QueryEvaluationError", str(error)))
            except Raised as raised:
                return self._caught(state, raised)
        assigned = self._value(state.get("Assign", {}), result=result)
        self.output = self._value(state["Output"]) if "Output" in state else result
        self._variables |= assigned
        return str(state["Next"]) if "Next" in state else None

    def _caught(self, state: dict[str, Any], raised: Raised) -> str:
        for rule in state.get("Catch", []):
            if {raised.error, "States.ALL"} & set(rule["ErrorEquals"]):
                found = {"Error": raised.error, "Cause": raised.cause}
                self._variables |= self._value(rule.get("Assign", {}), errorOutput=found)
                return str(rule["Next"])
        raise raised

    def _value(self, value: Any, **more: Any) -> Any:
        states = {"context": self._context, "input": self._input, **more}
        return resolve(value, {**self._variables, "states": states})
