"""Writes a folder into a zip whose bytes depend on nothing but the files' names and content."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path

# The earliest time that a zip can say.
_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def write_archive(folder: Path, target: Path) -> None:
    """Write every file below `folder` into the zip `target`, which appears only when complete.

    Sorted by name; of the modes only "may be executed" is kept: everything is readable by all, as
    Lambda's user is not the owner.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    os.close(handle)
    unfinished = Path(aside)
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            files = (path for path in folder.rglob("*") if path.is_file())
            named = {path.relative_to(folder).as_posix(): path for path in files}
            for name, path in sorted(named.items()):
                archive.writestr(_entry(name, path), path.read_bytes(), compresslevel=9)
        unfinished.chmod(0o644)
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _entry(name: str, path: Path) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = _UNIX
    mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
    entry.external_attr = (0o100000 | mode) << 16
    return entry
