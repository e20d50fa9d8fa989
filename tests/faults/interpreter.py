"""Runs our state machines: the part of the Amazon States Language with JSONata that they use.

Pass, Task, Choice, Wait and Succeed; Assign, Arguments, Output, Retry, Catch; and redriving. What
these mean is described in the Step Functions developer guide. Anything else raises Unsupported, so
that a state machine which grows cannot be half played. Expressions are evaluated by the library
that defines JSONata, and pauses pass on a virtual clock.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import tests.control.machines
from tests.faults.clock import VirtualClock

Document = dict[str, Any]
# The evaluator answers one question after the other.
_EVALUATOR = threading.Lock()
# Calls a resource (an ARN of an integration) with arguments, on behalf of an execution.
Caller = Callable[[str, Any, "Execution"], Any]
KNOWN = {
    "Type", "Resource", "Arguments", "Assign", "Output", "Next", "End", "Retry", "Catch",
    "TimeoutSeconds", "Choices", "Default", "Seconds", "Comment",
}  # fmt: skip
MOST_STATES = 500


class Unsupported(Exception):
    """The definition has something that this interpreter does not know."""


class TaskFailed(Exception):
    """A task failed with a name and a cause, as Step Functions has them."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(error, cause)
        self.error = error
        self.cause = cause


@dataclass
class Execution:
    """An execution, and its history: what each state was given, returned, or failed with."""

    id: str
    machine: str
    input: Any
    state: str
    given: Any
    variables: Document = field(default_factory=dict)
    status: Literal["RUNNING", "SUCCEEDED", "FAILED"] = "RUNNING"
    output: Any = None
    error: str | None = None
    cause: str | None = None
    history: list[Document] = field(default_factory=list)
    retries: int = 0
    redrives: int = 0

    @property
    def context(self) -> Document:
        """Return what expressions know of it."""
        return {"Execution": {"Id": self.id}, "StateMachine": {"Id": self.machine}}


@dataclass(frozen=True)
class StateMachine:
    """A definition that can be run. most_retries: of one rule, below what the definition allows."""

    arn: str
    definition: Document
    call: Caller
    clock: VirtualClock
    most_retries: int | None = None

    def start(self, given: Any, name: str) -> Execution:
        """Run a new execution to its end and return it."""
        id = f"{self.arn.replace(':stateMachine:', ':execution:')}:{name}"
        execution = Execution(id, self.arn, given, self.definition["StartAt"], given)
        return self.go_on(execution)

    def redrive(self, execution: Execution) -> Execution:
        """Run a failed execution on: the state that failed is run again, with its variables."""
        assert execution.status == "FAILED"
        execution.status, execution.error, execution.cause = "RUNNING", None, None
        execution.redrives += 1
        return self.go_on(execution)

    def go_on(self, execution: Execution) -> Execution:
        """Run from the state that `execution` is in."""
        for _ in range(MOST_STATES):
            try:
                self._step(execution)
            except TaskFailed as failure:
                execution.status = "FAILED"
                execution.error, execution.cause = failure.error, failure.cause
            if execution.status != "RUNNING":
                return execution
        raise Unsupported(f"{execution.id} does not end")

    def _step(self, execution: Execution) -> None:
        state = self.definition["States"][execution.state]
        if not set(state) <= KNOWN:
            raise Unsupported(f"{execution.state}: {sorted(set(state) - KNOWN)}")
        play = getattr(self, f"_{state['Type'].lower()}", None)
        if play is None:
            raise Unsupported(f"{execution.state}: {state['Type']}")
        execution.history.append({"state": execution.state, "given": execution.given})
        play(execution, state)

    def _pass(self, execution: Execution, state: Document) -> None:
        self._leave(execution, state, execution.given)

    def _wait(self, execution: Execution, state: Document) -> None:
        self.clock.sleep(resolve(state["Seconds"], self._bindings(execution)))
        self._leave(execution, state, execution.given)

    def _succeed(self, execution: Execution, state: Document) -> None:
        execution.output = resolve(state.get("Output"), self._bindings(execution))
        execution.status = "SUCCEEDED"

    def _choice(self, execution: Execution, state: Document) -> None:
        bindings = self._bindings(execution)
        for rule in state["Choices"]:
            if resolve(rule["Condition"], bindings) is True:
                execution.state = rule["Next"]
                return
        if "Default" not in state:
            raise TaskFailed("States.NoChoiceMatched", execution.state)
        execution.state = state["Default"]

    def _task(self, execution: Execution, state: Document) -> None:
        used: dict[int, int] = {}
        while True:
            try:
                result = self._called(execution, state)
            except TaskFailed as failure:
                execution.history.append({"error": failure.error, "cause": failure.cause})
                pause = self._pause(state, failure, used)
                if pause is None:
                    return self._caught(execution, state, failure)
                execution.retries += 1
                self.clock.sleep(pause)
            else:
                return self._leave(execution, state, result)

    def _called(self, execution: Execution, state: Document) -> Any:
        arguments = resolve(state["Arguments"], self._bindings(execution))
        execution.history.append({"arguments": copy.deepcopy(arguments)})
        result = self.call(state["Resource"], arguments, execution)
        execution.history.append({"result": copy.deepcopy(result)})
        return result

    def _pause(self, state: Document, failure: TaskFailed, used: dict[int, int]) -> float | None:
        """Return the seconds before the next attempt; None when there is none."""
        for index, rule in enumerate(state.get("Retry", [])):
            if not _matches(failure.error, rule["ErrorEquals"]):
                continue
            allowed = rule.get("MaxAttempts", 3)
            if self.most_retries is not None:
                allowed = min(allowed, self.most_retries)
            attempt = used.get(index, 0)
            if attempt >= allowed:
                return None
            used[index] = attempt + 1
            pause = rule.get("IntervalSeconds", 1) * rule.get("BackoffRate", 2.0) ** attempt
            return float(min(pause, rule.get("MaxDelaySeconds", pause)))
        return None

    def _caught(self, execution: Execution, state: Document, failure: TaskFailed) -> None:
        for rule in state.get("Catch", []):
            if _matches(failure.error, rule["ErrorEquals"]):
                output = {"Error": failure.error, "Cause": failure.cause}
                bindings = self._bindings(execution)
                bindings["states"] |= {"errorOutput": output}
                execution.variables |= resolve(rule.get("Assign", {}), bindings)
                execution.state, execution.given = rule["Next"], output
                return
        raise failure

    def _leave(self, execution: Execution, state: Document, result: Any) -> None:
        bindings = self._bindings(execution)
        bindings["states"] |= {"result": result}
        output = resolve(state["Output"], bindings) if "Output" in state else result
        execution.variables |= resolve(state.get("Assign", {}), bindings)
        execution.given = output
        if state.get("End"):
            execution.status, execution.output = "SUCCEEDED", output
        else:
            execution.state = state["Next"]

    def _bindings(self, execution: Execution) -> Document:
        states = {"input": execution.given, "context": execution.context}
        return {**execution.variables, "states": states}


def resolve(value: Any, bindings: Document) -> Any:
    """Return `value` with every expression in it evaluated."""
    with _EVALUATOR:
        return tests.control.machines.resolve(value, bindings)


def _matches(error: str, names: list[str]) -> bool:
    if error in names or "States.ALL" in names:
        return True
    return "States.TaskFailed" in names and error != "States.Timeout"


def status_change(execution: Execution) -> Document:
    """Return the event that Step Functions sends when an execution has ended."""
    return {
        "id": "315c1398-40ff-a850-213b-158f73e60175",
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {
            "executionArn": execution.id,
            "stateMachineArn": execution.machine,
            "name": execution.id.rpartition(":")[2],
            "status": execution.status,
            "input": json.dumps(execution.input),
            "output": None if execution.output is None else json.dumps(execution.output),
            "error": execution.error,
            "cause": execution.cause,
        },
    }
