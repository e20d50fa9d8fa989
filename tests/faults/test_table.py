"""The table of faults: of each call one, and of one that changes something the worst ones too.

`make faults` plays all of them.
"""

from __future__ import annotations

import pytest

from tests.faults.chains import CHAINS
from tests.faults.expected import EXPECTED, listed_before, surprises
from tests.faults.moments import restore
from tests.faults.storm import Strike
from tests.faults.table import FAULTS, Opened, Recorded, play, rows, sampled
from tests.faults.wire import Aim, Call

# A chain's rows in so many tests, to be shared by processes; recording it again costs a second.
PARTS = {"project": 3}


def parts() -> list[tuple[str, int]]:
    return [(name, part) for name in CHAINS for part in range(PARTS.get(name, 1))]


@pytest.mark.parametrize(("name", "part"), parts(), ids=lambda value: str(value))
def test_convergence(opened: Opened, name: str, part: int) -> None:
    """What goes wrong is tried again, or redriven once; then all is as if nothing had been.

    And no call leaves us that is not listed, and so is in the table.
    """
    found = opened(name)
    assert surprises(name, found.calls) == []
    mine = list(enumerate(rows(found, listed_before(name))))
    for index, row in mine[part :: PARTS.get(name, 1)]:
        for fault in sampled(row, index):
            cell = play(found, row, fault)
            assert (cell.problems, cell.leaks) == ([], []), f"{row.call.step}: {row.call}: {fault}"
            assert cell.plays


def test_chains_and_their_lists_agree() -> None:
    assert list(EXPECTED) == list(CHAINS)


def test_a_new_call_and_one_that_is_gone_are_told(project: Recorded) -> None:
    new = Call("describe", "datazone", "GetDomainUnit")
    made = {*project.calls, new} - {Call("describe", "datazone", "GetProject")}
    assert surprises("project", made) == [
        "describe: datazone GetDomainUnit is new: list it under 'project' in"
        " tests/faults/expected.py",
        "describe: datazone GetProject is not made any more: remove it under 'project' in"
        " tests/faults/expected.py",
    ]


def test_the_sample_has_the_worst_of_every_change_and_all_faults_often(project: Recorded) -> None:
    picked: dict[str, int] = dict.fromkeys(FAULTS, 0)
    for index, row in enumerate(rows(project, set())):
        chosen = sampled(row, index)
        assert len(set(chosen)) == len(chosen)
        for fault in chosen:
            picked[fault] += 1
        if row.changes and row.call.number == 1:
            assert "dropped" in chosen
            assert "killed" in chosen or not row.has("killed")
    assert min(picked.values()) >= 5


def test_a_fault_that_lasts_fails_the_execution_and_tells_people(project: Recorded) -> None:
    """What the table relies on: without this, nothing would ever be redriven."""
    on = project.stage
    execution = restore(on, project.points["SeedDeploy"])
    on.wire.aim = Aim(Call("seed_deploy", "github", "repos/get"), Strike("refused"))
    assert not project.chain.play(on, execution)
    on.wire.aim = None
    failed = on.histories[0]
    assert (failed.status, failed.state, failed.error) == (
        "FAILED",
        "SeedDeploy",
        "GitHubUnavailable",
    )
    assert failed.retries == on.most_retries
    assert "redrive-execution" in on.notices[-1]["Message"]
    assert project.chain.again(on)
    assert failed.redrives == 1


def test_a_killed_process_is_dead(project: Recorded) -> None:
    on = project.stage
    execution = restore(on, project.points["SeedBuild"])
    call = Call("seed_build", "git", "receive-pack")
    on.wire.aim = Aim(call, Strike("killed", after=True), times=1)
    before = list(on.wire.storm.strikes)
    assert project.chain.play(on, execution)
    on.wire.aim = None
    assert on.wire.storm.strikes[len(before) :] == ["killed"]
    errors = [event["error"] for event in on.histories[0].history if "error" in event]
    assert errors == ["Runtime.ExitError"]
