"""Lets the model that is approved now answer the same rows.

A champion that cannot answer (it is an adapter of another base, or does not load) is reported and
not compared: it must not keep a base model from ever changing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from source.base_model import BaseModel
from source.champion_folder import champion_arn, folder_with
from source.errors import UserError
from source.evaluate_measure import opened
from source.evaluate_settings import PERPLEXITY
from source.generation import Losses
from source.model_files import ADAPTER, METADATA, ModelUnusable, load_tuned, read_metadata
from source.rows import Row

NO_CHAMPION = "there is no approved model to compare with"


@dataclass(frozen=True)
class Champion:
    """The approved model: its ARN, its answers or losses, or why there are none."""

    arn: str | None
    note: str
    texts: tuple[str, ...] | None = None
    losses: Losses | None = None


def ask_champion(
    directory: Path,
    rows: Sequence[Row],
    base: BaseModel,
    base_folder: Path,
    metric: str,
    limits: tuple[int, int],
    dtype: str,
) -> Champion:
    """Let the champion answer, or measure its losses when `metric` is perplexity.

    `limits` are the most tokens of a row and the most new ones of an answer.
    """
    arn = champion_arn(directory)
    if arn is None:
        return Champion(None, NO_CHAMPION)
    max_length, max_new_tokens = limits
    try:
        folder = folder_with(directory, METADATA)
        if folder is None:
            raise ModelUnusable(f"{directory.name} holds no {METADATA}")
        _same_base(folder, read_metadata(folder), base)
        with opened(lambda: load_tuned(folder, base_folder, dtype=dtype)) as model:
            if metric == PERPLEXITY:
                return Champion(arn, "compared", losses=model.answer_losses(rows, max_length))
            answers = model.answers([row.prompt for row in rows], max_new_tokens)
            return Champion(arn, "compared", texts=tuple(answer.text for answer in answers))
    except UserError as error:
        return Champion(arn, f"the champion cannot be compared: {error}")


def _same_base(folder: Path, metadata: Mapping[str, Any], base: BaseModel) -> None:
    """An adapter fits the weights that it was trained on and no others."""
    if not (folder / ADAPTER).is_dir():
        return
    theirs = metadata.get("base") or {}
    if theirs.get("sha256") and base.sha256:
        same = theirs["sha256"] == base.sha256
    else:
        same = (theirs.get("source"), theirs.get("revision")) == (base.source, base.revision)
    if not same:
        raise ModelUnusable(
            f"it is an adapter of {theirs.get('source')} at {theirs.get('revision')}, this model "
            f"is tuned from {base.source} at {base.revision}, with other weights"
        )
