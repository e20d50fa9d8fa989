"""Lets the package that is approved now search for the same questions, in its own index.

The folder holds champion.json, which names its package or null, and the package beside it or in a
folder of its own. A champion that does not load is reported and not compared: it must not keep the
index from ever changing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from source.errors import UserError
from source.evaluate_measure import HYBRID, Ranked, SearchByWay, rank
from source.questions import Question

NO_CHAMPION = "there is no approved index to compare with"
PACKAGE_FILE = "config.json"


@dataclass(frozen=True)
class Champion:
    """The approved package: its ARN, what its hybrid search finds, or why that is not known."""

    arn: str | None
    note: str
    ranked: Ranked | None = None


def ask_champion(
    directory: Path, questions: Sequence[Question], load: Callable[[Path], SearchByWay]
) -> Champion:
    """Search the champion's index; `load` opens a package's retrieval."""
    arn = _arn(directory)
    if arn is None:
        return Champion(None, NO_CHAMPION)
    try:
        retrieval = load(_package_folder(directory))
        return Champion(arn, "compared", rank(retrieval, questions, (HYBRID,)))
    except UserError as error:
        return Champion(arn, f"the champion cannot be compared: {error}")


def _arn(directory: Path) -> str | None:
    path = directory / "champion.json"
    if not path.is_file():
        return None
    arn = json.loads(path.read_text(encoding="utf-8")).get("model_package_arn")
    return str(arn) if arn else None


def _package_folder(directory: Path) -> Path:
    folders = sorted(path for path in directory.iterdir() if path.is_dir())
    for candidate in (directory, *folders):
        if (candidate / PACKAGE_FILE).is_file():
            return candidate
    raise UserError(f"{directory.name} holds no {PACKAGE_FILE}")
