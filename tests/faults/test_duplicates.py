"""The same event twice, or many times at the same moment: exactly one result."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from generator.infrastructure.functions import APPROVAL, DELETION
from tests.control.stage import GIVEN
from tests.faults.chains import DELETED, DEPLOY
from tests.faults.evidence import differences, outcome
from tests.faults.interpreter import Document, TaskFailed
from tests.faults.moments import restore
from tests.faults.side_by_side import in_processes, in_threads
from tests.faults.stage import Stage
from tests.faults.table import Recorded

AT_ONCE = 4
# What the state machine allows.
ATTEMPTS = 6
RACES = {"processes": in_processes, "threads": in_threads}


def persistently(on: Stage, function: str, given: Any) -> Document:
    """Invoke a function of one's own until it ends well, as the state machine does."""
    own = on.beside().functions[function]
    for attempt in range(ATTEMPTS):
        try:
            return own.invoke(given)
        except TaskFailed:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def seeded(on: Stage) -> list[Document]:
    """Play all three functions of an execution, beside others of the same project."""
    return [persistently(on, name, GIVEN) for name in ("describe", "seed_build", "seed_deploy")]


def unlike(on: Stage, wanted: Document) -> list[str]:
    """Return what differs in the repositories and in what was made."""
    found = outcome(on)
    parts = ("repositories", "created", "packages")
    return [line for part in parts for line in differences(found[part], wanted[part], part)]


@pytest.mark.parametrize("race", RACES)
def test_concurrent_events_of_one_project(project: Recorded, race: str) -> None:
    on = project.stage
    restore(on, project.points[None])
    done = RACES[race]([partial(seeded, on)] * AT_ONCE)
    assert [one for one in done if not isinstance(one, list)] == []
    for step in (1, 2):
        # One made it, and all say the same of where it is.
        assert len({answer[step]["commit"] for answer in done}) == 1
        assert sum(answer[step]["state"] != "unchanged" for answer in done) == 1
    assert unlike(on, project.wanted) == []
    assert project.search.leaks(on, outcome(on)) == []


def test_a_second_event_changes_nothing(project: Recorded) -> None:
    on = project.stage
    restore(on, project.points[None])
    assert project.chain.play(on, None)
    assert project.chain.play(on, None)
    assert unlike(on, project.wanted) == []


@pytest.mark.parametrize("when", ["SeedBuild", "SeedDeploy", "Record", "Notify"])
def test_an_event_that_comes_while_another_is_at_work(project: Recorded, when: str) -> None:
    """The first execution is somewhere in the middle; the second one overtakes it."""
    on = project.stage
    first = restore(on, project.points[when])
    assert project.chain.play(on, None)
    assert project.chain.play(on, first)
    assert unlike(on, project.wanted) == []


def handled(on: Stage, function: str, event: Document) -> str:
    """Handle one event beside others; return what came of it."""
    return str(persistently(on, function, event)["status"])


@pytest.mark.parametrize("race", RACES)
def test_concurrent_approvals_start_one_run(approval: Recorded, race: str) -> None:
    """Lambda runs one of them at a time: each looks at what the one before it has left."""
    on = approval.stage
    restore(on, approval.points[None])
    (event,) = on.registry.events
    jobs: list[Callable[[], str]] = [partial(handled, on, "approval", event)] * AT_ONCE
    done = RACES[race](jobs, APPROVAL.concurrency)
    assert sorted(done) == ["ALREADY"] * (AT_ONCE - 1) + ["DISPATCHED"]
    (run,) = on.hub.repository(DEPLOY).runs
    assert run.inputs["version"] == "1"
    assert unlike(on, approval.wanted) == []


def test_approvals_of_two_versions_start_two_runs(approval: Recorded) -> None:
    on = approval.stage
    restore(on, approval.points[None])
    on.registry.update(on.registry.register(), ModelApprovalStatus="Approved")
    events = list(on.registry.events) * 2
    jobs = [partial(handled, on, "approval", event) for event in events]
    assert sorted(in_processes(jobs, APPROVAL.concurrency)).count("DISPATCHED") == 2
    runs = on.hub.repository(DEPLOY).runs
    assert sorted(run.inputs["version"] for run in runs) == ["1", "2"]


def test_concurrent_deletions_open_one_issue(deletion: Recorded) -> None:
    on = deletion.stage
    restore(on, deletion.points[None])
    jobs = [partial(handled, on, "deletion", DELETED)] * AT_ONCE
    assert in_processes(jobs, DELETION.concurrency) == ["DONE"] * AT_ONCE
    assert unlike(on, deletion.wanted) == []
