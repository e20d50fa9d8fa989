"""What a quality gate decides: conditions, how far each is missed, and one sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


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
