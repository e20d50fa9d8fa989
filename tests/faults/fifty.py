"""Fifty projects at once: each gets what it would get alone, at the same cost, in bounded time."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.faults.configuration import ORGANIZATION
from tests.faults.evidence import Search, outcome
from tests.faults.projects import NOTES, add_project
from tests.faults.side_by_side import in_threads
from tests.faults.stage import Stage
from tests.generator.generator_stage import content, history

PROJECTS = 50
# So many executions run side by side; Lambda keeps room for about as many of each function.
AT_ONCE = 10


@dataclass(frozen=True)
class Figures:
    """What fifty projects cost: GitHub's requests and what they make, and our seconds."""

    requests: int
    changes: int
    content: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{PROJECTS} projects at once: {self.requests / PROJECTS:.1f} requests to GitHub for"
            f" each, of which {self.changes / PROJECTS:.1f} change something and"
            f" {self.content / PROJECTS:.1f} make content; {self.seconds:.0f} s"
        )


def play_fifty(on: Stage) -> tuple[Figures, list[str]]:
    """Play fifty executions side by side; return what they cost, and every problem."""
    events = [
        add_project(on, f"project{number:02d}_-x", f"build-{number}", f"Model {number}", number)
        for number in range(PROJECTS)
    ]
    started = time.monotonic()
    jobs = [partial(_executed, on, number, event) for number, event in enumerate(events)]
    problems = [problem for problem in in_threads(jobs, AT_ONCE) if problem]
    seconds = time.monotonic() - started
    for number in range(PROJECTS):
        problems += _problems(on, number)
    wanted = {"repos/create-in-org": PROJECTS, "repos/create-repo-ruleset": PROJECTS}
    if on.created() != wanted:
        problems.append(f"made {dict(on.created())}")
    if (len(on.events), len(on.notices)) != (PROJECTS, PROJECTS):
        problems.append(f"told {len(on.events)} events and {len(on.notices)} notices")
    problems += [*on.hub.failures, *on.hub.complaints, *on.datazone.failures]
    problems += Search().leaks(on, outcome(on))
    entries = on.hub.journal.entries
    figures = Figures(
        requests=sum(Counter(entry.operation for entry in entries).values()),
        changes=sum(entry.changes for entry in entries),
        content=sum(entry.creates_content for entry in entries),
        seconds=seconds,
    )
    return figures, problems


def _executed(on: Stage, number: int, event: Any) -> str | None:
    """Run one project's execution with functions of its own; return why it failed."""
    beside = on.beside()
    done = beside.told(beside.machine.start(event, f"project-{number}"))
    return None if done.status == "SUCCEEDED" else f"project {number}: {done.error}: {done.cause}"


def _problems(on: Stage, number: int) -> list[str]:
    build = on.hub.repository(f"{ORGANIZATION}/build-{number}").folder
    found = {
        "commits": len(history(build)) == 2,
        "their notes": content(build, "notes.md") == NOTES["notes.md"].strip(),
        "whose it is": f'"project{number:02d}_-x"' in content(build, "cicd-config.json"),
    }
    return [f"build-{number}: wrong {what}" for what, right in found.items() if not right]
