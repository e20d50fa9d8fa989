"""What a quality gate decides: conditions, how far each is missed, and one sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from source.rounding import number


@dataclass(frozen=True)
class Check:
    """One condition. `statement` says in words how it turned out.

    `excess` counts in the direction of worse, whichever way the metric points: at most 0 holds,
    above 0 fails. A check that has nothing to compare with has excess 0 and is not applied.
    """

    applied: bool
    value: float
    limit: float | None
    excess: float
    statement: str

    @property
    def passed(self) -> bool:
        """Whether the condition holds."""
        return self.excess <= 0


@dataclass(frozen=True)
class Gate:
    """The verdict on one metric; `message` is one sentence for people."""

    metric: str
    bound: float | None
    value: float
    passed: bool
    message: str
    checks: Mapping[str, Check]

    @property
    def outcome(self) -> str:
        """The verdict in words."""
        return "passed" if self.passed else "not passed"

    def as_dict(self) -> dict[str, Any]:
        """As evaluation.json has it."""
        return asdict(self)


def decide(
    metric: str, label: str, bound: float | None, value: float, checks: Mapping[str, Check]
) -> Gate:
    """The verdict on `value` of a metric that people call `label`.

    The message has the checks that fail, or, when none does, all that were applied.
    """
    failed = [check for check in checks.values() if not check.passed]
    told = failed or [check for check in checks.values() if check.applied]
    message = f"{label} {number(value)}: " + "; ".join(check.statement for check in told) + "."
    return Gate(metric, bound, value, not failed, message, checks)


def bound_check(bound: float | None, value: float, *, higher_is_better: bool) -> Check:
    """The condition that the value is no worse than a bound, which may be left out."""
    if bound is None:
        return Check(False, value, None, 0.0, "no bound is set")
    excess = bound - value if higher_is_better else value - bound
    how = "misses" if excess > 0 else "meets"
    statement = f"{how} the bound {number(bound)} by {number(abs(excess))}"
    return Check(True, value, bound, excess, statement)
