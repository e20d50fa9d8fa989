"""The interpreter of state machines does as Step Functions does, and refuses the unknown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.clock import START, VirtualClock
from tests.faults.interpreter import Execution, StateMachine, TaskFailed, Unsupported

TASK = {"Type": "Task", "Resource": "x", "Arguments": {"n": "{% $states.input.n %}"}, "End": True}
RETRY = {"ErrorEquals": ["Passing"], "IntervalSeconds": 10, "BackoffRate": 2, "MaxAttempts": 3}


def machine(states: dict[str, Any], failures: list[str], **more: Any) -> StateMachine:
    """One whose calls fail with `failures`, and answer what they were given after that."""

    def call(resource: str, arguments: Any, execution: Execution) -> Any:
        if failures:
            raise TaskFailed(failures.pop(0), "why")
        return arguments

    definition = {"StartAt": next(iter(states)), "States": states}
    return StateMachine("arn:x:stateMachine:m", definition, call, VirtualClock(), **more)


def test_retries_wait_longer_and_longer() -> None:
    played = machine({"A": {**TASK, "Retry": [RETRY]}}, ["Passing"] * 3)
    done = played.start({"n": 7}, "e")
    assert (done.status, done.output, done.retries) == ("SUCCEEDED", {"n": 7}, 3)
    assert played.clock.time() == START + 10 + 20 + 40


def test_a_longest_pause() -> None:
    rule = {**RETRY, "MaxDelaySeconds": 15}
    played = machine({"A": {**TASK, "Retry": [rule]}}, ["Passing"] * 3)
    played.start({"n": 7}, "e")
    assert played.clock.time() == START + 10 + 15 + 15


@pytest.mark.parametrize(
    ("failures", "retried"),
    [(["Passing"] * 4, 3), (["Lasting"], 0), (["Passing", "Lasting"], 1)],
    ids=["too often", "another error", "first one, then another"],
)
def test_what_is_not_retried_fails(failures: list[str], retried: int) -> None:
    done = machine({"A": {**TASK, "Retry": [RETRY]}}, list(failures)).start({"n": 7}, "e")
    assert (done.status, done.error, done.retries) == ("FAILED", failures[-1], retried)


def test_a_timeout_is_no_failed_task() -> None:
    rule = {**RETRY, "ErrorEquals": ["States.TaskFailed"]}
    done = machine({"A": {**TASK, "Retry": [rule]}}, ["States.Timeout"]).start({"n": 1}, "e")
    assert done.error == "States.Timeout"
    done = machine({"A": {**TASK, "Retry": [rule]}}, ["Any"]).start({"n": 1}, "e")
    assert done.status == "SUCCEEDED"


def test_a_redrive_runs_the_failed_state_with_its_variables() -> None:
    states = {
        "First": {"Type": "Pass", "Assign": {"kept": "{% $states.input.n %}"}, "Next": "A"},
        "A": {**TASK, "Arguments": {"n": "{% $kept %}"}},
    }
    played = machine(states, ["Lasting"])
    failed = played.start({"n": 7}, "e")
    assert (failed.status, failed.state) == ("FAILED", "A")
    done = played.redrive(failed)
    assert (done.status, done.output, done.redrives) == ("SUCCEEDED", {"n": 7}, 1)
    assert [event["state"] for event in done.history if "state" in event] == ["First", "A", "A"]


def test_a_caught_error_goes_on_elsewhere() -> None:
    states = {
        "A": {
            **TASK,
            "Catch": [
                {
                    "ErrorEquals": ["Lasting"],
                    "Assign": {"why": "{% $states.errorOutput.Cause %}"},
                    "Next": "B",
                }
            ],
        },
        "B": {"Type": "Succeed", "Output": "{% $why %}"},
    }
    assert machine(states, ["Lasting"]).start({"n": 7}, "e").output == "why"


def test_assignments_see_the_values_from_before() -> None:
    states = {
        "A": {"Type": "Pass", "Assign": {"x": 1, "y": 2}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {"x": "{% $y %}", "y": "{% $x %}"}, "Next": "C"},
        "C": {"Type": "Succeed", "Output": ["{% $x %}", "{% $y %}"]},
    }
    assert machine(states, []).start({}, "e").output == [2, 1]


UNKNOWN = {
    "a type": {"Type": "Parallel", "Branches": [], "End": True},
    "a member": {**TASK, "HeartbeatSeconds": 3},
    "another member": {"Type": "Pass", "Parameters": {}, "End": True},
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_it_does_not_know_is_refused(case: str) -> None:
    with pytest.raises(Unsupported):
        machine({"A": UNKNOWN[case]}, []).start({}, "e")


def test_a_machine_without_an_end_is_refused() -> None:
    states = {"A": {"Type": "Pass", "Next": "A"}}
    with pytest.raises(Unsupported, match="does not end"):
        machine(states, []).start({}, "e")
