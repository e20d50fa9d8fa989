"""What a demo plays with, checked before anything is written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from generator.catalog import UnknownProfile, load
from generator.errors import InputError, shown
from generator.layout import QUESTION, SEPARATE, Layout
from generator.location import templates_folder

EVENTS = Path(__file__).resolve().parents[1] / "events"
# An event of the demo's own for each template, and the name of the project that it makes.
OWN_EVENTS = {
    "regression": ("create_project.json", "House prices"),
    "llm_finetune": ("create_llm_project.json", "Order desk"),
}
TABLES, ROWS = (".csv", ".parquet"), ".jsonl"


@dataclass(frozen=True)
class DemoSettings:
    """event: parsed JSON; name: what its project is called. data: a table or rows of one's own;
    target: the table's column to predict.

    layout: whether build and deploy are two repositories or folders of one. output: the folder for
    everything that the demo leaves; cache: environments of rendered repositories, which outlive it.
    """

    event: object
    output: Path
    cache: Path
    profile: str
    name: str = "House prices"
    data: Path | None = None
    target: str | None = None
    layout: Layout = SEPARATE

    @property
    def answers(self) -> dict[str, str]:
        """Answers to the template's questions that follow from what the demo plays with."""
        known: dict[str, str] = {} if self.layout == SEPARATE else {QUESTION: self.layout}
        if self.data is None:
            return known
        # What is good enough for unknown data is unknown: compare with the baselines, or the base.
        known |= {"metric_bound": "none"}
        if self.target is None:
            return known | {"data_source": f"data/rows{self.data.suffix}"}
        return known | {
            "data_source": f"data/table{self.data.suffix}",
            "target_column": self.target,
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
    _check_data(data, target)
    file, name = OWN_EVENTS[_template_of(profile)]
    chosen = event or EVENTS / file
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
        name=name,
        data=data.resolve() if data else None,
        target=target,
        layout=layout,
    )


def _check_data(data: Path | None, target: str | None) -> None:
    """Raise InputError unless it is a table with a target, or rows without one."""
    if data is None and target is None:
        return
    if data is not None and (not data.is_file() or data.suffix not in (*TABLES, ROWS)):
        raise InputError(
            f"--data {shown(str(data))}: give a .csv, .parquet or .jsonl file that exists"
        )
    if data is None or (data.suffix == ROWS) != (target is None):
        raise InputError(
            "--data and --target belong together: a table, and its column to predict; rows of "
            "JSON (.jsonl), for fine-tuning, have no target"
        )


def _template_of(profile: str) -> str:
    """The template whose own event is played: the one that answers to the profile, else the first.

    A profile that no template answers to is refused later, with the profiles that there are.
    """
    try:
        name = load(templates_folder()).for_profile(profile).name
    except UnknownProfile:
        name = ""
    return name if name in OWN_EVENTS else next(iter(OWN_EVENTS))
