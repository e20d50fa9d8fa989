"""Writes a rendered project into a folder: all of it, or nothing."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from generator.errors import InputError
from generator.files import EXECUTABLE, Files
from generator.render import Rendering


class OutputTaken(InputError):
    """The project's folder holds something else than what would be written."""


@dataclass(frozen=True)
class WrittenProject:
    """Where a project's folder is; `written` is False when all of it was there already."""

    path: Path
    written: bool


def write_project(rendering: Rendering, folder: Path) -> WrittenProject:
    """Write the project into `folder`/<slug>, which appears whole or not at all.

    A folder that holds exactly the same files is left alone. OutputTaken when it holds anything
    else: a person's work is never overwritten.
    """
    target = folder.resolve() / rendering.slug
    files = rendering.files
    if target.is_symlink() or target.is_file():
        raise OutputTaken(f"{target} is in the way: it is not a folder")
    if target.is_dir() and any(target.iterdir()):
        different = _first_difference(target, files)
        if different is None:
            return WrittenProject(target, written=False)
        raise OutputTaken(
            f"{target} is not empty, and its {different} is not what would be written;"
            " choose another --output or project_slug"
        )
    folder.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{rendering.slug}.", dir=folder.resolve()))
    try:
        aside.chmod(0o755)
        for path, file in files.items():
            place = aside / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.content)
            place.chmod(0o755 if file.mode == EXECUTABLE else 0o644)
        aside.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return WrittenProject(target, written=True)


def _first_difference(target: Path, files: Files) -> str | None:
    for path, file in files.items():
        place = target / path
        if not place.is_file() or place.read_bytes() != file.content:
            return path
        if bool(place.stat().st_mode & 0o100) != (file.mode == EXECUTABLE):
            return path
    return None
