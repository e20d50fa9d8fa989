"""Files in memory as git sees them: bytes, and whether they can be executed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

PLAIN, EXECUTABLE = 0o100644, 0o100755
# What working in a checkout or byte-compiling an installed package leaves among the templates.
LEFTOVERS = ("__pycache__", "*.pyc", ".*_cache", ".DS_Store")


@dataclass(frozen=True)
class File:
    """Content of one file and its mode in git: 0o100644 or 0o100755."""

    mode: int
    content: bytes


Files = dict[str, File]


def read_all(folder: Path) -> Files:
    """Return the files below `folder` by their path in it; links are followed."""
    return dict(_walk(str(folder), ""))


def link_all_but(taken: Callable[[str], bool], folder: Path, into: Path) -> Files:
    """Return the files of `folder` whose path, or a folder above them, is `taken`.

    All others appear in the folder `into`: folders as folders, files as links to where they are.
    """
    files: Files = {}
    _part(taken, str(folder), "", into, files)
    return files


def _part(taken: Callable[[str], bool], folder: str, inside: str, into: Path, files: Files) -> None:
    for entry in _entries(folder):
        path = f"{inside}{entry.name}"
        # A name to be rendered is left to the one who renders.
        if "{" not in path and taken(path):
            files.update(_read(entry, path))
        elif entry.is_dir(follow_symlinks=False):
            (into / path).mkdir()
            _part(taken, entry.path, f"{path}/", into, files)
        else:
            (into / path).symlink_to(entry.path)


def _walk(folder: str, inside: str) -> Iterator[tuple[str, File]]:
    for entry in _entries(folder):
        yield from _read(entry, f"{inside}{entry.name}")


def _read(entry: os.DirEntry[str], path: str) -> Iterator[tuple[str, File]]:
    if entry.is_dir():
        yield from _walk(entry.path, f"{path}/")
        return
    executable = entry.stat().st_mode & 0o100
    content = Path(entry.path).read_bytes()
    yield path, File(EXECUTABLE if executable else PLAIN, content)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        found = [
            entry
            for entry in entries
            if not any(fnmatch(entry.name, leftover) for leftover in LEFTOVERS)
        ]
    return sorted(found, key=lambda entry: entry.name)
