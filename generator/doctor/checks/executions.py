"""No project is left without its repositories: executions that failed and were not made good."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from generator.doctor.accounts import Absent, Answer
from generator.doctor.examination import Examination
from generator.doctor.findings import Found, ok, warning
from generator.errors import shown
from generator.infrastructure.names import SEEDING_MACHINE

# As long as an execution can be redriven.
LOOKED_BACK = timedelta(days=14)
FAILED = ("FAILED", "TIMED_OUT", "ABORTED")
# How many executions of each status are looked at, newest first.
MOST = 10


def executions(examination: Examination) -> Iterator[Found]:
    """A redriven execution changes its status; one that was started anew is compared by project."""
    try:
        failed = [one for status in FAILED for one in _last(examination, status)]
    except Absent:
        return  # the state machine is missing, which is said of it
    since = datetime.now(UTC) - LOOKED_BACK
    failed = [_described(examination, one) for one in failed if one["startDate"] >= since]
    done: dict[str, datetime] = {}
    for one in _last(examination, "SUCCEEDED") if failed else []:
        project = project_of(_described(examination, one))
        done[project] = max(done.get(project, one["startDate"]), one["startDate"])
    left = [one for one in failed if not _made_good(one, done)]
    for one in left:
        yield warning(
            f"project {project_of(one)}, {one['startDate']:%Y-%m-%d %H:%M}:"
            f" {one.get('error', one['status'])}: {cause_of(one)}",
            "correct the cause, then: aws stepfunctions redrive-execution --execution-arn"
            f" {one['executionArn']}",
        )
    if not left:
        again = f", {len(failed)} failed and were completed later" if failed else ""
        yield ok(f"no project waits for a cure since {since:%Y-%m-%d}{again}")


def project_of(execution: Answer) -> str:
    """Return the id of the project in the event that an execution was started with."""
    try:
        return str(json.loads(execution["input"])["detail"]["responseElements"]["id"])
    except (LookupError, TypeError, ValueError):
        return "unknown"


def cause_of(execution: Answer) -> str:
    """Return why it failed; errors of functions are wrapped in JSON."""
    cause = str(execution.get("cause") or "Step Functions gives no cause")
    with suppress(LookupError, TypeError, ValueError):
        cause = str(json.loads(cause)["errorMessage"])
    return shown(cause, 400)[1:-1]


def _last(examination: Examination, status: str) -> list[Answer]:
    arn = examination.names.state_machine_arn(SEEDING_MACHINE)
    answer = examination.shared.ask(
        "stepfunctions",
        "list_executions",
        stateMachineArn=arn,
        statusFilter=status,
        maxResults=MOST,
    )
    found: list[Answer] = answer["executions"]
    return found


def _described(examination: Examination, execution: Answer) -> Answer:
    arn = execution["executionArn"]
    return examination.shared.ask("stepfunctions", "describe_execution", executionArn=arn)


def _made_good(execution: Answer, done: dict[str, datetime]) -> bool:
    project = project_of(execution)
    return project != "unknown" and project in done and done[project] >= execution["startDate"]
