"""Where the templates are: beside the checkout, inside the installed package, or where told.

cookiecutter needs a real folder. In a checkout and in an installed wheel, `generator/templates`
is one; a package that is imported from inside a zip has its templates extracted, once per process.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import zipfile
from functools import cache
from importlib import resources
from pathlib import Path

from generator.errors import InputError

ENVIRONMENT_VARIABLE = "AIOPS_TEMPLATES"


def templates_folder() -> Path:
    """Return the folder that holds the templates; AIOPS_TEMPLATES overrides the built-in ones."""
    if told := os.environ.get(ENVIRONMENT_VARIABLE):
        folder = Path(told).resolve()
        if not folder.is_dir():
            raise InputError(f"{ENVIRONMENT_VARIABLE} = {told!r} is not a folder of templates")
        return folder
    return _own_templates()


@cache
def _own_templates() -> Path:
    packaged = resources.files("generator") / "templates"
    if isinstance(packaged, zipfile.Path):
        folder = Path(tempfile.mkdtemp(prefix="aiops-templates-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _extract(packaged, folder)
        return folder
    return Path(str(packaged)).resolve()


def _extract(packaged: zipfile.Path, folder: Path) -> None:
    """Write the files below `packaged` into `folder`, with the modes the zip recorded."""
    inside = packaged.at
    for member in packaged.root.infolist():
        if member.is_dir() or not member.filename.startswith(inside):
            continue
        target = folder / member.filename.removeprefix(inside)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(packaged.root.read(member))
        if (member.external_attr >> 16) & 0o100:
            target.chmod(0o755)
