"""The table: every outward call of every chain, and what becomes of it when it goes wrong.

The calls are those that the undisturbed play makes. A call that several chains make in the same
step is played in the first of them. Each play begins right before the step with the call.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from generator.control.transient import TRANSIENT
from generator.infrastructure.state_machine.retries import KILLED, LAMBDA_ERRORS, TIMEOUT
from tests.faults.chains import CHAINS, Chain
from tests.faults.evidence import Search, differences, outcome
from tests.faults.integrations import ERRORS, STEP
from tests.faults.interpreter import Document, Execution
from tests.faults.moments import Moment, restore, save
from tests.faults.stage import Stage
from tests.faults.standing import stage
from tests.faults.storm import Kind, Strike
from tests.faults.wire import Aim, Call

FOREVER = 1_000_000
# Every fault here passes by itself: all that it raises must be tried again by its name.
WORTH_ANOTHER_TRY = {*TRANSIENT, *LAMBDA_ERRORS, *KILLED, TIMEOUT} | {
    error for service in ("events", "sns") for error in ERRORS[service].values()
}


@dataclass(frozen=True)
class Fault:
    """How a call goes wrong, and for how long.

    once: the next attempt of the function itself succeeds. passing: all of its attempts fail, and
    the next invocation succeeds. lasting: until nobody tries any more, and a person redrives.
    """

    kind: Kind
    lasts: str
    after: bool = False

    def aim(self, call: Call) -> Aim:
        """Return it for a call."""
        once = self.lasts == "once" or (self.lasts == "passing" and call.step == STEP)
        strike = Strike(self.kind, self.after)
        return Aim(call, strike, 1 if once else FOREVER, passing=self.lasts == "passing")


FAULTS: dict[str, tuple[Fault, ...]] = {
    "timeout": (Fault("timeout", "lasting"),),
    "5xx": (Fault("5xx", "passing"),),
    "throttled": (Fault("throttled", "lasting"),),
    "refused": (Fault("refused", "lasting"),),
    "dropped": (Fault("dropped", "once", after=True),),
    "killed": (Fault("killed", "once"), Fault("killed", "once", after=True)),
}


@dataclass(frozen=True)
class Row:
    """A call, the chain that makes it, and the state before whose task it begins.

    changes: whether the call may change something.
    """

    chain: str
    call: Call
    state: str | None
    changes: bool

    def has(self, fault: str) -> bool:
        """Whether the call can go wrong so: bus and topic are called by no process of ours."""
        return fault != "killed" or self.call.service not in {"events", "sns"}


@dataclass
class Cell:
    """What became of one fault. problems: why it did not converge."""

    problems: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    plays: int = 0
    retries: int = 0
    redrives: int = 0

    @property
    def ok(self) -> bool:
        """Whether it converged, and no secret was seen."""
        return not self.problems and not self.leaks


@dataclass
class Recorded:
    """An undisturbed play: where each step begins, what each calls, and how it ended."""

    chain: Chain
    stage: Stage
    points: dict[str | None, Moment]
    calls: dict[Call, str | None]
    wanted: Document
    search: Search = field(default_factory=Search)


# Gives the chain of a name, recorded.
Opened = Callable[[str], Recorded]


@contextmanager
def recorded(chain: Chain) -> Iterator[Recorded]:
    """Play a chain undisturbed, and yield what is needed to play it again."""
    with tempfile.TemporaryDirectory(prefix="aiops-faults-") as folder, stage(Path(folder)) as on:
        if chain.after is not None:
            before = CHAINS[chain.after]
            before.furnish(on)
            assert before.play(on, None)
        chain.furnish(on)
        start = save(on)
        restore(on, start)
        points: dict[str | None, Moment] = {None: start}
        calls: dict[Call, str | None] = {}

        def note(state: str | None) -> None:
            for call in on.wire.calls:
                calls.setdefault(call, state)
            on.wire.calls.clear()

        def before_step(execution: Execution) -> None:
            note(next(reversed(points)))
            points[execution.state] = save(on, execution)

        on.before_step = before_step
        assert chain.play(on, None), on.histories
        on.before_step = None
        note(next(reversed(points)))
        found = Recorded(chain, on, points, calls, outcome(on))
        leaks = found.search.leaks(on, found.wanted)
        assert not leaks, leaks
        yield found


def rows(found: Recorded, known: set[Call]) -> list[Row]:
    """Return a row for each call that is not `known`, in the order in which they are made."""
    return [
        Row(found.chain.name, call, state, call in found.stage.wire.changing)
        for call, state in found.calls.items()
        if call not in known
    ]


def sampled(row: Row, index: int) -> list[str]:
    """Return the faults by which a test plays the `index`th row: one, another for each row.

    For a call that changes something also those after which it is done and nobody knows.
    """
    possible = [fault for fault in FAULTS if row.has(fault)]
    unknown = [fault for fault in ("dropped", "killed") if fault in possible]
    certain = [fault for fault in possible if fault not in unknown]
    if row.changes and row.call.number == 1:
        return [certain[index % len(certain)], *unknown]
    return [possible[index % len(possible)]]


def play(found: Recorded, row: Row, fault: str) -> Cell:
    """Let the row's call go wrong in every variant of `fault`; return what became of it."""
    cell = Cell()
    for variant in FAULTS[fault]:
        _play(found, row, variant, cell)
    return cell


def _play(found: Recorded, row: Row, fault: Fault, cell: Cell) -> None:
    on, chain = found.stage, found.chain
    execution = restore(on, found.points[row.state])
    aim = on.wire.aim = fault.aim(row.call)
    well = chain.play(on, execution)
    on.wire.aim = None
    problems = [] if aim.met else [f"{row.call} did not go wrong"]
    problems += [f"{error} would not be tried again" for error in _errors(on) - WORTH_ANOTHER_TRY]
    if not well:
        problems += _untold(found, row)
        cell.redrives += 1
        well = chain.again(on)
    if not well:
        problems.append(f"one redrive is not enough: {_why(on)}")
    ended = outcome(on)
    problems += differences(ended, found.wanted)
    problems += [*on.hub.failures, *on.hub.complaints, *on.datazone.failures]
    problems += [*on.registry.failures, *on.secrets.failures]
    for failures in (on.hub.failures, on.datazone.failures, on.registry.failures):
        failures.clear()
    label = f"{fault.kind}{' after it was done' if fault.after else ''}"
    cell.problems += [f"{label}: {problem}" for problem in problems]
    cell.leaks += [f"{label}: {place}" for place in found.search.leaks(on, ended)]
    cell.plays += 1
    cell.retries += on.retries


def _errors(on: Stage) -> set[str]:
    """Return the names of all that was raised, and of what executions ended with."""
    histories = [one.history if isinstance(one, Execution) else [one] for one in on.histories]
    found = {event.get("error") for history in histories for event in history}
    return {str(error) for error in found if error}


def _untold(found: Recorded, row: Row) -> list[str]:
    """Return that nobody was told of a failed execution, unless the topic itself is what failed."""
    if found.chain.function is not None or row.call.service == "sns":
        return []
    told = [notice for notice in found.stage.notices if "needs you" in notice["Subject"]]
    return [] if told else ["nobody was told of the failure"]


def _why(on: Stage) -> str:
    last = on.histories[0] if on.histories else None
    if isinstance(last, Execution):
        return f"{last.error}: {str(last.cause)[:400]}"
    return str(on.histories[-1])[:500]
