"""Which rows fit a candidate and which score it: folds that respect groups and order in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import GroupKFold, GroupShuffleSplit, KFold, TimeSeriesSplit

from source.schema import TableSchema
from source.sections import TrainSettings

Index = npt.NDArray[np.intp]
# Share of a fold's fitting rows that only tell boosting when to stop.
STOPPING_SHARE = 0.15
# With fewer rows than this, how the folds fall matters: they are dealt more than once.
FEW_ROWS = 1000


@dataclass(frozen=True)
class Fold:
    """Positions of the rows to fit on and to score on; `repeat` counts passes over all rows."""

    fit: Index
    score: Index
    repeat: int = 0


@dataclass(frozen=True)
class Resampling:
    """The folds, and a sentence that says how they were made."""

    folds: tuple[Fold, ...]
    description: str


def resample(
    train: pd.DataFrame, validation: pd.DataFrame, schema: TableSchema, settings: TrainSettings
) -> Resampling:
    """Folds over train and validation stacked, train first.

    Few rows are cross-validated: five times as many rows score the candidates. Rows ordered in
    time are scored by models of earlier rows only. Many rows need no repetition: candidates are
    fitted on train and scored on validation.
    """
    rows = len(train) + len(validation)
    everything = np.arange(rows)
    if rows > settings.cross_validation_rows:
        fold = Fold(everything[: len(train)], everything[len(train) :])
        return Resampling((fold,), f"fitted on {len(train)} rows, scored on {len(validation)}")
    if schema.time_column is not None:
        # Prepare wrote the rows in the order of time.
        folds = [Fold(a, b) for a, b in TimeSeriesSplit(settings.folds).split(everything)]
        return Resampling(tuple(folds), f"{settings.folds} forward folds over {rows} rows by time")
    folds = []
    groups = _groups(pd.concat([train, validation]), schema)
    count = settings.folds
    if groups is not None:
        count = min(count, len(np.unique(groups)))
    repeats = settings.repeats if rows <= FEW_ROWS else 1
    for repeat in range(repeats):
        seed = settings.seed + repeat
        if groups is None:
            splits = KFold(count, shuffle=True, random_state=seed).split(everything)
        else:
            splitter = GroupKFold(count, shuffle=True, random_state=seed)
            splits = splitter.split(everything, groups=groups)
        folds += [Fold(fit, scored, repeat) for fit, scored in splits]
    kept = f", {schema.group_column} kept together" if groups is not None else ""
    times = f"{repeats} times " if repeats > 1 else ""
    return Resampling(tuple(folds), f"{times}{count}-fold cross-validation of {rows} rows{kept}")


def set_aside(frame: pd.DataFrame, schema: TableSchema, seed: int) -> tuple[Index, Index]:
    """Positions of the rows to fit on, and of those whose error tells boosting when to stop."""
    rows = len(frame)
    held = max(1, round(STOPPING_SHARE * rows))
    if schema.time_column is not None:
        return np.arange(rows - held), np.arange(rows - held, rows)
    groups = _groups(frame, schema)
    if groups is not None and len(np.unique(groups)) > 1:
        splitter = GroupShuffleSplit(1, test_size=STOPPING_SHARE, random_state=seed)
        fit, stop = next(splitter.split(np.arange(rows), groups=groups))
        return np.asarray(fit), np.asarray(stop)
    order = np.random.default_rng(seed).permutation(rows)
    return np.sort(order[held:]), np.sort(order[:held])


def observation_units(frame: pd.DataFrame, schema: TableSchema) -> Index:
    """A number per row: the same for rows of one group, which do not vary independently."""
    groups = _groups(frame, schema)
    return np.arange(len(frame)) if groups is None else groups


def _groups(frame: pd.DataFrame, schema: TableSchema) -> npt.NDArray[np.intp] | None:
    """A number per group; rows without one are groups of their own."""
    if schema.group_column is None:
        return None
    codes = pd.factorize(frame[schema.group_column])[0]
    alone = codes < 0
    codes = np.where(alone, codes.max() + 1 + np.cumsum(alone), codes)
    return np.asarray(codes, dtype=np.intp)
