"""People work in the repositories while we do: what is theirs stays as it is, byte for byte."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control.stage import CREATE
from tests.faults.chains import DEPLOY, IN_THE_WAY, THEIRS
from tests.faults.configuration import BUILD
from tests.faults.evidence import outcome
from tests.faults.interpreter import Execution
from tests.faults.moments import restore
from tests.faults.stage import Stage
from tests.faults.storm import Strike
from tests.faults.table import Recorded
from tests.faults.wire import Aim, Call
from tests.generator.generator_stage import content, git, history, person_pushes

MORE = {"source/features.py": "# mine\n", "notes/ideas.md": "# Ideas\n\nMore of them.\n"}
PROTECTED: dict[str, Any] = {
    "id": 1,
    "name": "by a person",
    "target": "branch",
    "enforcement": "active",
    "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
    "rules": [{"type": "pull_request", "parameters": {}}],
}


def begun(found: Recorded) -> Stage:
    restore(found.stage, found.points[None])
    return found.stage


def executed(on: Stage, name: str) -> Execution:
    return on.told(on.machine.start(CREATE, name))


def keeps(on: Stage, files: dict[str, str], branch: str = "main") -> None:
    folder = on.hub.repository(BUILD).folder
    for path, text in files.items():
        assert content(folder, path, branch) == text.strip(), path


def failing(call: Call) -> Aim:
    """That call fails as long as anybody tries."""
    return Aim(call, Strike("refused"))


def test_their_files_stay_beside_ours(project: Recorded) -> None:
    on = begun(project)
    assert executed(on, "first").status == "SUCCEEDED"
    keeps(on, THEIRS)


def test_what_they_push_between_failure_and_redrive_stays(project: Recorded) -> None:
    on = begun(project)
    on.wire.aim = failing(Call("seed_deploy", "github", "repos/create-in-org"))
    failed = executed(on, "first")
    assert (failed.status, failed.error) == ("FAILED", "GitHubUnavailable")
    on.wire.aim = None
    folder = on.hub.repository(BUILD).folder
    theirs = person_pushes(folder, MORE)
    assert on.machine.redrive(failed).status == "SUCCEEDED"
    assert history(folder)[0] == theirs
    assert executed(on, "second").status == "SUCCEEDED"
    assert history(folder)[0] == theirs
    keeps(on, {**THEIRS, **MORE})


def test_what_they_push_before_the_redrive_of_our_push_stays(project: Recorded) -> None:
    on = begun(project)
    on.wire.aim = failing(Call("seed_build", "git", "receive-pack"))
    failed = executed(on, "first")
    assert failed.error == "RemoteUnavailable"
    on.wire.aim = None
    folder = on.hub.repository(BUILD).folder
    theirs = person_pushes(folder, MORE)
    assert on.machine.redrive(failed).status == "SUCCEEDED"
    keeps(on, {**THEIRS, **MORE})
    # What they wrote at a path of ours is not overwritten: ours waits for them.
    assert history(folder)[0] == theirs or history(folder)[1] == theirs


def test_changes_of_seeded_files_stay(project: Recorded) -> None:
    on = begun(project)
    assert executed(on, "first").status == "SUCCEEDED"
    folder = on.hub.repository(BUILD).folder
    theirs = person_pushes(folder, {"README.md": "# Ours now\n", "Makefile": "all:\n\tfalse\n"})
    assert executed(on, "second").status == "SUCCEEDED"
    assert history(folder)[0] == theirs
    assert on.hub.repository(BUILD).pulls == []


def test_files_in_the_way_make_a_pull_request(in_the_way: Recorded) -> None:
    on = begun(in_the_way)
    before = history(on.hub.repository(BUILD).folder)
    done = executed(on, "first")
    assert done.status == "SUCCEEDED"
    assert history(on.hub.repository(BUILD).folder) == before
    keeps(on, IN_THE_WAY)
    (pull,) = on.hub.repository(BUILD).pulls
    assert "other content at Makefile, README.md" in pull.body
    assert f"/pull/{pull.number}" in on.notices[-1]["Message"]
    assert executed(on, "second").status == "SUCCEEDED"
    assert len(on.hub.repository(BUILD).pulls) == 1


def test_a_pull_request_that_they_closed_is_not_opened_again(in_the_way: Recorded) -> None:
    on = begun(in_the_way)
    executed(on, "first")
    (pull,) = on.hub.repository(BUILD).pulls
    pull.state = "closed"
    before = on.hub.state()
    assert executed(on, "second").status == "SUCCEEDED"
    assert on.hub.state() == before


@pytest.mark.parametrize("operation", ["pulls/list", "pulls/create"])
def test_a_protected_branch(project: Recorded, operation: str) -> None:
    """Also when the attempt that was refused by it died before it could say so."""
    on = begun(project)
    on.hub.repository(BUILD).rulesets.append(PROTECTED)
    before = history(on.hub.repository(BUILD).folder)
    aim = Aim(Call("seed_build", "github", operation), Strike("killed"), times=1)
    on.wire.aim = aim
    done = executed(on, "first")
    on.wire.aim = None
    assert aim.met
    assert (done.status, done.retries) == ("SUCCEEDED", 1)
    folder = on.hub.repository(BUILD).folder
    assert history(folder) == before
    assert history(folder, "aiops/seed")[1:] == before
    (pull,) = on.hub.repository(BUILD).pulls
    assert "main does not take our push" in pull.body
    on.hub.merge(BUILD, pull.number)
    merged = outcome(on)["repositories"]
    assert executed(on, "second").status == "SUCCEEDED"
    assert outcome(on)["repositories"] == merged
    keeps(on, THEIRS)


def test_a_protected_deploy_repository_takes_no_second_push(project: Recorded) -> None:
    """Our own ruleset: a second event must not even try."""
    on = begun(project)
    executed(on, "first")
    assert on.hub.repository(DEPLOY).rulesets
    on.hub.journal.forget()
    assert executed(on, "second").status == "SUCCEEDED"
    pushes = [entry for entry in on.hub.journal.entries if entry.operation == "git/receive-pack"]
    assert pushes == []


def test_a_person_who_archives_the_deploy_repository_is_obeyed(project: Recorded) -> None:
    on = begun(project)
    executed(on, "first")
    on.hub.repository(DEPLOY).archived = True
    before = on.hub.state()
    failed = executed(on, "second")
    assert failed.error == "RepositoryArchived"
    assert "unarchive it" in on.notices[-1]["Message"]
    assert on.hub.state() == before
    assert git("rev-parse", "main", cwd=on.hub.repository(DEPLOY).folder)
