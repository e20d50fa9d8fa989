"""The folder of the champion, the package that is approved now, as the pipeline hands it over.

It holds champion.json, which names the package or null, and the package's files beside it or in a
folder of their own.
"""

from __future__ import annotations

import json
from pathlib import Path


def champion_arn(directory: Path) -> str | None:
    """The ARN of the approved package; None when there is none."""
    path = directory / "champion.json"
    if not path.is_file():
        return None
    arn = json.loads(path.read_text(encoding="utf-8")).get("model_package_arn")
    return str(arn) if arn else None


def folder_with(directory: Path, file: str) -> Path | None:
    """The first of the folder itself and those in it that has `file`; None when none has."""
    folders = (directory, *sorted(path for path in directory.iterdir() if path.is_dir()))
    return next((folder for folder in folders if (folder / file).is_file()), None)
