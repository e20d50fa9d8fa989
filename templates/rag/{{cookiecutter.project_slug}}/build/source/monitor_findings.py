"""What is known about the questions of a window, as report, monitor.json and exit code need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from source.monitor_window import Asked, Share, Window
from source.query_drift import Drift
from source.verdict import Check

# Of questions, words and groups, so many are listed.
SHOWN = 20


@dataclass(frozen=True)
class Reference:
    """Questions to compare with. `name` says in words which they are."""

    name: str
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Compared:
    """The test of drift; `questions` are those of the window that it looked at."""

    found: Drift
    questions: tuple[str, ...]

    @property
    def unlike(self) -> list[str]:
        """The questions that are least like the reference, the first the least."""
        order = np.argsort(-self.found.unlike, kind="stable")
        return [self.questions[place] for place in order[:SHOWN]]


@dataclass(frozen=True)
class Group:
    """Those who asked with the same labels."""

    labels: tuple[str, ...]
    questions: int
    empty: float
    refused: float


@dataclass(frozen=True)
class Monitoring:
    """One window; None is what there was too little of."""

    window: Window
    reference: Reference
    drift: Compared | None
    shares: Mapping[str, Share]
    unknown: Mapping[str, int]
    groups: tuple[Group, ...]
    checks: Mapping[str, Check]
    decided: bool
    message: str

    @property
    def passed(self) -> bool:
        """Whether nothing exceeds its bound; what could not be decided exceeds none."""
        return all(check.passed for check in self.checks.values())

    def document(self) -> dict[str, Any]:
        """monitor.json."""
        window, found = self.window, self.drift
        return {
            "window": {
                "since": window.since.isoformat(),
                "until": window.until.isoformat(),
                "questions": len(window.asked),
                "distinct_questions": len(window.distinct()),
                "failed": window.failed,
                "ratings": len(window.ratings),
            },
            "reference": {"name": self.reference.name, "questions": len(self.reference.questions)},
            "decided": self.decided,
            "passed": self.passed,
            "message": self.message,
            "checks": {name: asdict(check) for name, check in self.checks.items()},
            "drift": None
            if found is None
            else {
                "auc": found.found.auc,
                "p_value": found.found.p_value,
                "chance": found.found.chance,
                "unlike": found.unlike,
            },
            "shares": {name: asdict(share) for name, share in self.shares.items()},
            "unknown_words": dict(self.unknown),
            "labels": [asdict(group) for group in self.groups],
            "milliseconds": milliseconds(window.asked),
        }


def milliseconds(asked: Sequence[Asked]) -> dict[str, dict[str, float]] | None:
    """Median and 95% quantile of each step's time; None where the capture does not say."""
    timed = [one.seconds for one in asked if one.seconds]
    if not timed:
        return None
    found = {}
    for name in sorted({name for one in timed for name in one}):
        times = [one[name] * 1000 for one in timed if name in one]
        p50, p95 = np.quantile(times, [0.5, 0.95])
        found[name] = {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}
    return found
