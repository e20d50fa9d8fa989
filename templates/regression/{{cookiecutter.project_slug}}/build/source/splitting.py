"""Deals rows to train, validation and test, before anything is fitted.

Without a time column a row's side depends on its own content and the seed alone: not on the order
of rows or files, and, in tables that are not small, not on which other rows there are. So when the
table grows, no row that an earlier model was trained on turns up in a later test, and rows that
are copies of each other stay together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from source.errors import UserError
from source.schema import TableSchema
from source.sections import SplitSettings

# Below this many rows (or groups) shares are dealt exactly, by rank; above it chance gets close
# enough, and an exact share would move rows from side to side as the table grows.
SMALL = 1000
MINIMUM_SIDE = 5


class SplitError(UserError):
    """A side of the split is left with too few rows; the text says which and what to change."""


@dataclass(frozen=True)
class Split:
    """The three sides: frames with the same columns, in an order that repeats."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame

    def items(self) -> list[tuple[str, pd.DataFrame]]:
        """(name, frame) of the sides."""
        return [("train", self.train), ("validation", self.validation), ("test", self.test)]


def split_rows(frame: pd.DataFrame, schema: TableSchema, settings: SplitSettings) -> Split:
    """Split typed rows; each row goes to exactly one side. Raises `SplitError`."""
    if schema.time_column is not None:
        position = _time_position(frame[schema.time_column])
        # Ties in time are broken by content, so that the order does not depend on the files'.
        order = np.lexsort((_row_keys(frame, settings.seed), position))
    else:
        keys = _row_keys(frame, settings.seed)
        units = keys if schema.group_column is None else _group_keys(frame, schema, settings.seed)
        position = _position(units)
        order = np.lexsort((keys, units))
    # Rounded, because 1 - 0.2 - 0.2 is a little more than 0.6.
    test_from = round(1 - settings.test, 9)
    validation_from = round(1 - settings.test - settings.validation, 9)
    ordered = frame.iloc[order].reset_index(drop=True)
    place = position[order]
    sides = Split(
        train=ordered[place < validation_from].reset_index(drop=True),
        validation=ordered[(place >= validation_from) & (place < test_from)].reset_index(drop=True),
        test=ordered[place >= test_from].reset_index(drop=True),
    )
    for name, side in sides.items():
        if len(side) < MINIMUM_SIDE:
            by = schema.time_column or schema.group_column or "row"
            raise SplitError(
                f"split by {by}: {name} gets {len(side)} of {len(frame)} rows, {MINIMUM_SIDE} are "
                f"needed; bring more rows, or change split.{'seed' if name == 'train' else name}"
            )
    return sides


def _time_position(times: pd.Series[Any]) -> npt.NDArray[np.float64]:
    """Share of rows that are earlier, in [0, 1); rows of the same time have the same position."""
    earlier: npt.NDArray[np.float64] = (times.rank(method="min").to_numpy() - 1) / len(times)
    return earlier


def _row_keys(frame: pd.DataFrame, seed: int) -> npt.NDArray[np.uint64]:
    return _hashes(frame, seed)


def _group_keys(frame: pd.DataFrame, schema: TableSchema, seed: int) -> npt.NDArray[np.uint64]:
    """The hash of each row's group; a row without group is a group of its own."""
    groups = frame[[schema.group_column]]
    alone = groups[schema.group_column].isna().to_numpy()
    return np.where(alone, _row_keys(frame, seed), _hashes(groups, seed))


def _hashes(frame: pd.DataFrame, seed: int) -> npt.NDArray[np.uint64]:
    # Columns by name: their order in the file must not matter either.
    columns = frame[sorted(frame.columns, key=str)]
    hashes: npt.NDArray[np.uint64] = pd.util.hash_pandas_object(
        columns, index=False, hash_key=f"{seed % 10**16:016d}", categorize=True
    ).to_numpy(dtype="uint64")
    return _mixed(hashes, seed)


def _mixed(hashes: npt.NDArray[np.uint64], seed: int) -> npt.NDArray[np.uint64]:
    """Spread the hashes over all bits (splitmix64's finalizer) and over seeds.

    pandas uses its key for texts only: numbers would be split alike under every seed.
    """
    with np.errstate(over="ignore"):
        mixed = hashes + np.uint64(seed % 2**63) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


def _position(units: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """Each row's place in [0, 1): where its hash, or in a small table its rank, lies."""
    distinct, codes, counts = np.unique(units, return_inverse=True, return_counts=True)
    if len(distinct) < SMALL:
        before = np.cumsum(counts) - counts
        place: npt.NDArray[np.float64] = before[codes] / len(units)
        return place
    return units.astype("float64") / 2.0**64
