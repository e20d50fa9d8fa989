"""The section `monitor` of config/pipeline.yaml: which questions are compared, and to what bounds.

It travels in the package, so that the job that watches an endpoint has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from source.settings import require, section

EARLIER, EVALUATED = "earlier", "evaluated"
BOUNDS = ("max_drift", "max_unknown_words", "max_empty", "max_refused", "max_disliked")
# The test of drift learns from half of the questions and sorts the others.
FEWEST = 40


@dataclass(frozen=True)
class MonitorSettings:
    """Days, the least that something is decided by, and bounds, of which None holds always."""

    window_days: int = 7
    reference: str = EARLIER
    reference_days: int = 28
    min_questions: int = 100
    min_ratings: int = 20
    confidence: float = 0.95
    significance: float = 0.01
    max_drift: float | None = 0.65
    max_unknown_words: float | None = 0.3
    max_empty: float | None = 0.1
    max_refused: float | None = 0.5
    max_disliked: float | None = 0.5

    def __post_init__(self) -> None:
        require(
            self.reference in (EARLIER, EVALUATED),
            f"monitor.reference: {self.reference!r}; use {EARLIER} or {EVALUATED}",
        )
        least = {
            "window_days": 1,
            "reference_days": 1,
            "min_questions": FEWEST,
            "min_ratings": 1,
        }
        for name, value in least.items():
            given = getattr(self, name)
            require(given >= value, f"monitor.{name}: {given}; use {value} or more")
        require(
            0.5 <= self.confidence < 1,
            f"monitor.confidence: {self.confidence}; use 0.5 to below 1, say 0.95",
        )
        require(
            0.001 <= self.significance < 0.5,
            f"monitor.significance: {self.significance}; use 0.001 to below 0.5, say 0.01",
        )
        for name in BOUNDS:
            bound = getattr(self, name)
            low = 0.5 if name == "max_drift" else 0
            require(
                bound is None or low <= bound <= 1,
                f"monitor.{name}: {bound}; use {low} to 1, or null for no bound",
            )


def monitor_settings(document: Mapping[str, Any]) -> MonitorSettings:
    """The section `monitor`. Raises `SettingsError`."""
    return section(MonitorSettings, "monitor", document.get("monitor"))
