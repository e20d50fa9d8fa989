"""What a demo plays with, checked before anything is written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from generator.errors import InputError, shown
from generator.layout import QUESTION, SEPARATE, Layout

OWN_EVENT = Path(__file__).resolve().parents[1] / "events" / "create_project.json"
SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True)
class DemoSettings:
    """event: parsed JSON. data, target: a table of one's own and its column to predict.

    layout: whether build and deploy are two repositories or folders of one. output: the folder for
    everything that the demo leaves; cache: environments of rendered repositories, which outlive it.
    """

    event: object
    output: Path
    cache: Path
    profile: str
    data: Path | None = None
    target: str | None = None
    layout: Layout = SEPARATE

    @property
    def answers(self) -> dict[str, str]:
        """Answers to the template's questions that follow from what the demo plays with."""
        known: dict[str, str] = {} if self.layout == SEPARATE else {QUESTION: self.layout}
        if self.data is None or self.target is None:
            return known
        return known | {
            "data_source": f"data/table{self.data.suffix}",
            "target_column": self.target,
            # What is good enough for an unknown table is unknown: compare with the baselines.
            "metric_bound": "none",
        }


def demo_settings(
    *,
    event: Path | None = None,
    output: Path = Path(".demo"),
    cache: Path = Path(".cache/environments"),
    profile: str = "Regression",
    data: Path | None = None,
    target: str | None = None,
    layout: Layout = SEPARATE,
) -> DemoSettings:
    """Return checked settings. Raises InputError that names the value and the fix."""
    if (data is None) != (target is None):
        raise InputError("--data and --target belong together: a table, and its column to predict")
    if data is not None and (not data.is_file() or data.suffix not in SUFFIXES):
        raise InputError(f"--data {shown(str(data))}: give a .csv or .parquet file that exists")
    chosen = event or OWN_EVENT
    try:
        parsed = json.loads(chosen.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"--event {shown(str(chosen))}: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"--event {shown(str(chosen))}: not JSON: {error}") from None
    return DemoSettings(
        event=parsed,
        output=output.resolve(),
        cache=cache.resolve(),
        profile=profile,
        data=data.resolve() if data else None,
        target=target,
        layout=layout,
    )
