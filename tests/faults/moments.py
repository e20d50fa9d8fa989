"""A moment of a stage, to go back to: repositories, registry, what was told, an execution.

Going back costs little: the objects of git repositories are not copied but borrowed.
"""

from __future__ import annotations

import copy
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.interpreter import Document, Execution
from tests.faults.stage import Stage


@dataclass(frozen=True)
class Moment:
    """All that can differ between two moments, and where an execution is."""

    github: Any
    folder: Path
    packages: Any
    queue: list[Document]
    created: Counter[str]
    events: list[Document]
    notices: list[Document]
    execution: Execution | None


def save(on: Stage, execution: Execution | None = None) -> Moment:
    """Remember how everything stands."""
    kept = on.folder / "saved"
    place = kept / str(len(list(kept.glob("*"))))
    shutil.copytree(on.hub.folder, place, symlinks=True)
    return Moment(
        github=copy.deepcopy(_github(on)),
        folder=place,
        packages=copy.deepcopy(on.registry.packages),
        queue=copy.deepcopy(on.registry.events),
        created=on.created(),
        events=list(on.events),
        notices=list(on.notices),
        execution=copy.deepcopy(execution),
    )


def restore(on: Stage, moment: Moment) -> Execution | None:
    """Let everything be as it was, with no process alive; return the execution."""
    hub = on.hub
    shutil.rmtree(hub.folder, ignore_errors=True)
    # Threads that answer a dead client may still be at work in the old folder.
    hub.folder = on.new_place()
    _borrow(moment.folder, hub.folder)
    shutil.rmtree(on.folder / "cache", ignore_errors=True)
    known = copy.deepcopy(moment.github)
    hub.accounts, hub.repositories, hub.renamed, hub.tokens, hub._ids = known
    for repository in hub.repositories.values():
        repository.place = hub.folder / repository.owner.login / f"{repository.name}.git"
    on.registry.packages = copy.deepcopy(moment.packages)
    on.registry.events = copy.deepcopy(moment.queue)
    on.forget(moment.created)
    on.events[:], on.notices[:] = moment.events, moment.notices
    return copy.deepcopy(moment.execution)


def _github(on: Stage) -> Any:
    hub = on.hub
    return hub.accounts, hub.repositories, hub.renamed, hub.tokens, hub._ids


def _borrow(source: Path, target: Path) -> None:
    """Copy bare repositories, two folders deep, but for their objects: these are only looked at."""
    target.mkdir(parents=True)
    for repository in source.glob("*/*.git"):
        place = target / repository.relative_to(source)
        shutil.copytree(repository, place, ignore=lambda folder, names: {"objects"} & {*names})
        (place / "objects" / "info").mkdir(parents=True)
        (place / "objects" / "pack").mkdir()
        (place / "objects" / "info" / "alternates").write_text(f"{repository / 'objects'}\n")
