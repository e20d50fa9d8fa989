"""Lets the package that is approved now search for the same questions, in its own index.

A champion that does not load is reported and not compared: it must not keep the index from ever
changing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from source.champion_folder import champion_arn, folder_with
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
    arn = champion_arn(directory)
    if arn is None:
        return Champion(None, NO_CHAMPION)
    try:
        folder = folder_with(directory, PACKAGE_FILE)
        if folder is None:
            raise UserError(f"{directory.name} holds no {PACKAGE_FILE}")
        return Champion(arn, "compared", rank(load(folder), questions, (HYBRID,)))
    except UserError as error:
        return Champion(arn, f"the champion cannot be compared: {error}")
