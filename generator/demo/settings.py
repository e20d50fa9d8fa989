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


@dataclass(frozen=True)
class Scene:
    """What the demo plays for a template: an event, the name of the project that it makes, and
    what may take the place of the template's sample.

    place: where that goes in the build repository, without its suffix. folder: whether it may be a
    folder of files. target: whether a column to predict belongs to it.
    """

    event: str
    name: str
    place: str
    suffixes: tuple[str, ...]
    folder: bool = False
    target: bool = False


DOCUMENTS = (".csv", ".tsv", ".parquet", ".md", ".txt", ".html", ".pdf", ".docx")
SCENES = {
    "regression": Scene(
        "create_project.json", "House prices", "data/table", (".csv", ".parquet"), target=True
    ),
    "llm_finetune": Scene("create_llm_project.json", "Order desk", "data/rows", (".jsonl",)),
    "rag": Scene("create_rag_project.json", "Team handbook", "documents", DOCUMENTS, folder=True),
}


@dataclass(frozen=True)
class DemoSettings:
    """event: parsed JSON; name: what its project is called. data: a file or folder of one's own,
    that goes to `data_source` of the build repository; target: the column to predict.

    layout: whether build and deploy are two repositories or folders of one. output: the folder for
    everything that the demo leaves; cache: environments of rendered repositories, which outlive it.
    """

    event: object
    output: Path
    cache: Path
    profile: str
    name: str = "House prices"
    data: Path | None = None
    data_source: str | None = None
    target: str | None = None
    layout: Layout = SEPARATE

    @property
    def answers(self) -> dict[str, str]:
        """Answers to the template's questions that follow from what the demo plays with."""
        known: dict[str, str] = {} if self.layout == SEPARATE else {QUESTION: self.layout}
        if self.data_source is None:
            return known
        # What is good enough for unknown data is unknown: compare with other ways, or the base.
        known |= {"metric_bound": "none", "data_source": self.data_source}
        return known if self.target is None else known | {"target_column": self.target}


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
    scene = _scene_of(profile)
    source = _data_source(scene, data, target)
    chosen = event or EVENTS / scene.event
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
        name=scene.name,
        data=data.resolve() if data else None,
        data_source=source,
        target=target,
        layout=layout,
    )


def _data_source(scene: Scene, data: Path | None, target: str | None) -> str | None:
    """Where data of one's own goes in the build repository; None without any.

    Raises InputError unless it exists and is of a kind that the template reads.
    """
    if data is None and target is None:
        return None
    if data is None or (target is None) == scene.target:
        raise InputError(
            "--data and --target belong together: a table, and its column to predict; rows for "
            "fine-tuning and documents have no target"
        )
    if scene.folder and data.is_dir():
        return f"{scene.place}/"
    if not data.is_file() or data.suffix not in scene.suffixes:
        *others, last = scene.suffixes
        kinds = f"{', '.join(others)} or {last}" if others else last
        raise InputError(
            f"--data {shown(str(data))}: give a {kinds} file that exists"
            f"{', or a folder of such files' if scene.folder else ''}"
        )
    return f"{scene.place}{data.suffix}"


def _scene_of(profile: str) -> Scene:
    """The scene of the template that answers to the profile, else the first.

    A profile that no template answers to is refused later, with the profiles that there are.
    """
    try:
        name = load(templates_folder()).for_profile(profile).name
    except UnknownProfile:
        name = ""
    return SCENES[name] if name in SCENES else next(iter(SCENES.values()))
