"""Knows whether the files of a package are those that the index was built with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from source.errors import UserError

FILE_NAME = "integrity.json"
FOLDERS = ("index", "encoder", "prompts", "code")
FILES = ("config.json", "manifest.json", "metadata.json")


class IndexUnusable(UserError):
    """The package cannot be trusted or read; the text names the file and what to do."""


def write_integrity(package: Path) -> None:
    """Write the hash of every file that answers depend on."""
    hashes = {name: _sha256(package / name) for name in _names(package)}
    (package / "index" / FILE_NAME).write_text(_text(hashes), encoding="utf-8")


def check_integrity(package: Path) -> None:
    """Raises `IndexUnusable` naming the first file that is not as it was."""
    path = package / "index" / FILE_NAME
    try:
        written = path.read_text(encoding="utf-8")
        hashes = dict(json.loads(written)["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexUnusable(f"{path}: {error!r}; this is no package, or not all of it") from error
    if written != _text(hashes):
        raise IndexUnusable(f"{path} is damaged or was edited; build the index again")
    for name, expected in hashes.items():
        try:
            found = _sha256(package / name)
        except OSError as error:
            raise IndexUnusable(
                f"{name} is missing from the package: {error.strerror}; build the index again"
            ) from error
        if found != expected:
            raise IndexUnusable(
                f"{name} is not the file that the index was built with (its sha256 begins "
                f"{found[:12]}, not {expected[:12]}): it is damaged or was exchanged; build the "
                "index again"
            )
    # Beside the code, Python and the container's toolkit write files of their own.
    added = sorted(name for name in set(_names(package)) - set(hashes) if name[:5] != "code/")
    if added:
        raise IndexUnusable(f"{added[0]} does not belong to the package; build the index again")


def _text(hashes: Mapping[str, str]) -> str:
    """The file's one form: no byte of it can change unnoticed."""
    return json.dumps({"sha256": dict(sorted(hashes.items()))}, indent=2) + "\n"


def _names(package: Path) -> list[str]:
    found = [package / name for name in FILES]
    for folder in FOLDERS:
        found += [path for path in (package / folder).rglob("*") if path.is_file()]
    own = package / "index" / FILE_NAME
    return sorted(path.relative_to(package).as_posix() for path in found if path != own)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
