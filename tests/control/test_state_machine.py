"""The state machine: every way through it ends, and what is retried; test_redrive walks it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.config.model import Wait
from generator.control.transient import PERHAPS_NEW, TRANSIENT
from generator.infrastructure.state_machine import TARGETS, execution_timeout, state_machine
from generator.infrastructure.state_machine.retries import KILLED, LAMBDA_ERRORS, TIMEOUT, pauses
from tests.control.machines import (
    ARNS,
    NODE_MODULES,
    WAIT,
    evaluate,
    machine,
    resolve,
    targets,
    telling,
)
from tests.generator.generator_stage import PROJECT, read_event

STATES: dict[str, dict[str, Any]] = machine()["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
FUNCTIONS = {name: state for name, state in TASKS.items() if "lambda:invoke" in state["Resource"]}
ENDS = {"Succeed"}
EXECUTION = "arn:aws:states:eu-west-1:111122223333:execution:aiops:6f1c0b0e"
MACHINE = "arn:aws:states:eu-west-1:111122223333:stateMachine:aiops"
CONTEXT = {"Execution": {"Id": EXECUTION}, "StateMachine": {"Id": MACHINE}}
DESCRIBED = {"status": "READY", "reason": None, "project": {"id": PROJECT, "name": "House prices"}}
SEEDED = {
    "url": "https://github.com/acme-ml/x",
    "state": "created",
    "branch": "main",
    "pull_request": None,
    "missing": [],
    "notes": [],
}


@pytest.mark.parametrize("make", [machine, telling])
@pytest.mark.parametrize("limits", [WAIT, Wait(5, 30, 30, 1.0)], ids=["usual", "even"])
def test_the_validator_accepts_it(
    make: Callable[[Wait], dict[str, Any]], limits: Wait, tmp_path: Path
) -> None:
    written = tmp_path / "machine.asl.json"
    written.write_text(json.dumps(make(limits)))
    done = subprocess.run(
        ["node", NODE_MODULES / ".bin" / "asl-validator", "--json-path", written],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_transition_leads_to_a_state_and_every_state_is_reached() -> None:
    reached, waiting = set[str](), [machine()["StartAt"]]
    while waiting:
        name = waiting.pop()
        assert name in STATES, f"{name} is no state"
        if name not in reached:
            reached.add(name)
            following = list(targets(STATES[name]))
            assert bool(following) != (STATES[name]["Type"] in ENDS), name
            waiting += following
    assert reached == set(STATES)


def test_every_task_is_bounded_and_retried() -> None:
    for name, state in TASKS.items():
        assert 0 < state["TimeoutSeconds"] < machine()["TimeoutSeconds"], name
        assert state["Retry"], name


def test_nothing_stands_in_the_way_of_a_redrive() -> None:
    """A caught error goes on elsewhere, and a Fail state fails again when it is redriven."""
    for name, state in STATES.items():
        assert state["Type"] != "Fail", name
        assert "Catch" not in state, name


def test_functions_are_retried_only_by_the_names_of_what_is_transient() -> None:
    for name, state in FUNCTIONS.items():
        retried = [error for rule in state["Retry"] for error in rule["ErrorEquals"]]
        assert len(retried) == len(set(retried)), name
        assert set(retried) == {*LAMBDA_ERRORS, *KILLED, TIMEOUT, *TRANSIENT, *PERHAPS_NEW}, name
        (new,) = (rule for rule in state["Retry"] if set(rule["ErrorEquals"]) == set(PERHAPS_NEW))
        assert new["MaxAttempts"] == 2, "as a rule it is not there, and somebody must be told"


def test_pauses_between_attempts_are_bounded_by_the_configuration() -> None:
    for state in TASKS.values():
        for rule in state["Retry"]:
            assert rule["IntervalSeconds"] <= WAIT.longest_seconds
            assert rule["BackoffRate"] == 1 or rule["MaxDelaySeconds"] == WAIT.longest_seconds
            assert 1 <= rule["MaxAttempts"] <= 60


@pytest.mark.parametrize("limits", [WAIT, Wait(1, 1, 300, 10.0)], ids=["usual", "steep"])
def test_the_retries_of_functions_fit_into_the_execution(limits: Wait) -> None:
    longest = 60 * limits.limit_minutes
    for name in FUNCTIONS:
        state = machine(limits)["States"][name]
        attempts = 1 + max(rule["MaxAttempts"] for rule in state["Retry"][1:])
        longest += state["TimeoutSeconds"] * attempts + sum(pauses(limits))
    assert execution_timeout(limits) > longest


def test_the_functions_get_the_event_and_the_execution() -> None:
    event = read_event()
    variables = {"event": event, "waited": 35, "states": {"context": CONTEXT}}
    for name, state in FUNCTIONS.items():
        given = resolve(state["Arguments"]["Payload"], variables)
        more = {"waited_seconds": 35} if name == "Describe" else {}
        assert given == {"event": event, "execution_id": EXECUTION, **more}
    called = {state["Arguments"]["FunctionName"] for state in FUNCTIONS.values()}
    assert called == {ARNS[name] for name in ("describe", "seed_build", "seed_deploy")}


def test_waiting_gets_slower() -> None:
    pause = STATES["Pause"]
    variables = resolve(STATES["Start"]["Assign"] | {"event": {}}, {})
    waits = []
    while variables["waited"] < 60 * WAIT.limit_minutes:
        waits.append(resolve(pause["Seconds"], variables))
        variables |= resolve(pause["Assign"], variables)
        assert len(waits) < 100
    assert waits[:4] == [10, 15, 23, 35]
    assert max(waits) == WAIT.longest_seconds
    assert sum(waits) == variables["waited"] < 3600 + WAIT.longest_seconds


@pytest.mark.parametrize(
    ("status", "next_state"),
    {"READY": "SeedBuild", "PENDING": "Pause", "NOT_OURS": "NotOurs"}.items(),
)
def test_the_status_decides(status: str, next_state: str) -> None:
    judge = STATES["Judge"]
    found = [
        choice["Next"]
        for choice in judge["Choices"]
        if evaluate(choice["Condition"], {"described": {"status": status}})
    ]
    assert found == [next_state]


def test_not_ours_ends_well_and_tells_nobody() -> None:
    assert STATES["NotOurs"]["Type"] == "Succeed"


def test_a_success_is_told() -> None:
    variables = {
        "event": read_event(),
        "described": DESCRIBED,
        "build": SEEDED | {"pull_request": "https://github.com/acme-ml/x/pull/1"},
        "deploy": SEEDED | {"missing": ["stages.prod.account_id"], "notes": ["no reviewers"]},
        "states": {"context": CONTEXT},
    }
    told = resolve(STATES["Notify"]["Arguments"], variables)
    assert told["Subject"] == f"AIOps: project {PROJECT} has its repositories"
    assert "https://github.com/acme-ml/x/pull/1" in told["Message"]
    assert "null in cicd-config.json: stages.prod.account_id" in told["Message"]
    assert "Not as it was wanted: no reviewers" in told["Message"]
    entry = resolve(STATES["Record"]["Arguments"], variables)["Entries"][0]
    detail = json.loads(entry.pop("Detail"))
    assert entry == {
        "EventBusName": ARNS["bus"],
        "Source": "aiops.generator",
        "DetailType": "AIOps Project Seeded",
    }
    assert detail["project"] == DESCRIBED["project"]
    assert detail["execution"] == EXECUTION
    assert set(detail) == {"project", "build", "deploy", "execution"}


def test_the_subject_fits() -> None:
    """SNS takes at most 100 characters; a project's id has at most 36."""
    variables = {"described": {"project": {"id": "x" * 36}}, "event": {}}
    assert len(resolve(STATES["Notify"]["Arguments"]["Subject"], variables)) <= 100


@pytest.mark.parametrize("name", TARGETS)
def test_a_missing_arn_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        state_machine({key: arn for key, arn in ARNS.items() if key != name}, WAIT)
