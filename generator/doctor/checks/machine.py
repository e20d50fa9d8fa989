"""The state machines are there and active."""

from __future__ import annotations

from collections.abc import Iterator

from generator.doctor.accounts import Absent
from generator.doctor.examination import Examination
from generator.doctor.findings import Found, ok, problem, warning
from generator.infrastructure.names import FAILURE_MACHINE, SEEDING_MACHINE


def machines(examination: Examination) -> Iterator[Found]:
    """The one that seeds projects, and the one that tells people of a failure."""
    for part in (SEEDING_MACHINE, FAILURE_MACHINE):
        yield _look_at(examination, part)


def _look_at(examination: Examination, part: str) -> Found:
    name, arn = examination.names(part), examination.names.state_machine_arn(part)
    try:
        found = examination.shared.ask(
            "stepfunctions", "describe_state_machine", stateMachineArn=arn
        )
    except Absent:
        return problem(f"there is no state machine {name}", "deploy the control plane: make deploy")
    if found.get("status", "ACTIVE") != "ACTIVE":
        return problem(f"{name} is {found['status']}", "deploy again: make deploy")
    if found.get("loggingConfiguration", {}).get("level", "OFF") == "OFF":
        return warning(f"{name} keeps no log", "deploy again: make deploy")
    return ok(f"{name} is active")
