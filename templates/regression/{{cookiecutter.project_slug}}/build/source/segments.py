"""The error in parts of the test split: by columns that matter to people, or by target size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from source.errors import UserError
from source.metrics import Vector, score

QUANTILES = 4
MAX_LABELS = 12
OTHER, MISSING = "(other)", "(missing)"


@dataclass(frozen=True)
class Segment:
    """Scores of some of the rows. `bias` is the mean of predicted minus actual."""

    by: str
    segment: str
    rows: int
    rmse: float
    mae: float
    bias: float
    linear_rmse: float


def segments(
    frame: pd.DataFrame,
    target: str,
    by: Sequence[str],
    predicted: Vector,
    linear: Vector,
) -> list[Segment]:
    """Segments of each column in `by`; without any, quarters of the target.

    `predicted` and `linear` are the model's and the linear baseline's predictions for `frame`.
    Raises `UserError` for a column that the prepared rows do not have.
    """
    absent = [name for name in by if name not in frame]
    if absent:
        raise UserError(
            f"data.segment_by names {', '.join(map(repr, absent))}, which the prepared rows do not "
            f"have; choose from {', '.join(map(str, frame.columns))}"
        )
    actual = frame[target].to_numpy(dtype="float64")
    found = []
    for name in by or [target]:
        labels = _labels(frame[name])
        for label in _in_order(labels):
            rows = np.flatnonzero((labels == label).to_numpy())
            if not len(rows):
                continue
            scores = score(actual[rows], predicted[rows])
            found.append(
                Segment(
                    by=name,
                    segment=str(label),
                    rows=len(rows),
                    rmse=scores.rmse,
                    mae=scores.mae,
                    bias=float((predicted[rows] - actual[rows]).mean()),
                    linear_rmse=score(actual[rows], linear[rows]).rmse,
                )
            )
    return found


def _labels(values: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_bool_dtype(values.dtype):
        labels = values.map({True: "true", False: "false"}).astype(object)
    elif pd.api.types.is_datetime64_any_dtype(values.dtype):
        years = values.dt.year.nunique() > 2
        labels = values.dt.to_period("Y" if years else "Q").astype(str).where(values.notna())
    elif pd.api.types.is_numeric_dtype(values.dtype):
        if values.nunique() <= QUANTILES + 2:
            labels = values.map(lambda value: f"{value:g}", na_action="ignore").astype(object)
        else:
            labels = _ranges(values)
    else:
        frequent = values.value_counts().index[:MAX_LABELS]
        labels = values.where(values.isin(frequent) | values.isna(), OTHER)
    return labels.where(values.notna(), MISSING)


def _ranges(values: pd.Series[Any]) -> pd.Series[Any]:
    """Quarters with about as many rows each, named by their ends."""
    edges = np.unique(np.nanquantile(values, np.linspace(0, 1, QUANTILES + 1)))
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    names = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(edges)]
    order = pd.CategoricalDtype([*names, MISSING], ordered=True)
    return pd.Series([names[index] for index in place], index=values.index, dtype=order)


def _in_order(labels: pd.Series[Any]) -> list[Any]:
    if isinstance(labels.dtype, pd.CategoricalDtype):
        return list(labels.cat.categories)
    distinct = sorted(set(labels) - {OTHER, MISSING})
    return distinct + [label for label in (OTHER, MISSING) if (labels == label).any()]
