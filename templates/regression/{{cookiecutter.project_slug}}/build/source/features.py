"""Turns raw records into the matrix a model sees; fitted on training rows, kept with the model.

Two encodings of the same columns: for trees, which handle missing numbers and scales themselves,
and for linear models, which need missing numbers filled and scales alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import OneHotEncoder, TargetEncoder

from source.schema import Kind, TableSchema

Matrix = npt.NDArray[np.float64]

# A label gets a column of its own when it is among the most frequent and not rare. Labels beyond
# that, and labels never seen in training, share one column.
MAX_LABELS = 20
RARE_ROWS = 5
MISSING_LABEL = "(missing)"
SECONDS_A_DAY = 86_400


class RecordReader(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Raw records to typed columns, by the schema; typed ones pass through unchanged."""

    def __init__(self, schema: TableSchema) -> None:
        self.schema = schema

    def fit(self, frame: pd.DataFrame, target: object = None) -> Self:
        """Nothing is learnt; the schema says it all."""
        return self

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The schema's features, typed. Raises `InvalidRecords`."""
        return self.schema.read_records(frame)

    def __sklearn_is_fitted__(self) -> bool:
        return True


class TableEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Typed columns to a float64 matrix, rows by features.

    `linear` chooses the encoding for linear models: medians for missing numbers, a column that
    marks them, and unit variance. After fitting, `feature_names_` names the matrix's columns and
    `sources_` the table's column that each is made of.
    """

    def __init__(self, schema: TableSchema, *, linear: bool, seed: int = 0) -> None:
        self.schema = schema
        self.linear = linear
        self.seed = seed

    def fit(self, frame: pd.DataFrame, target: npt.ArrayLike) -> Self:
        """Learn scales, labels and label effects from training rows."""
        self.fit_transform(frame, target)
        return self

    def fit_transform(self, frame: pd.DataFrame, target: npt.ArrayLike, **_: Any) -> Matrix:
        """Fit, and encode the training rows: label effects come from other rows than their own."""
        labelled = self.schema.of_kind(Kind.CATEGORICAL)
        labels = _labels(frame, labelled)
        self._fit_days(frame)
        self._fit_labels(labels, labelled)
        numeric, names, sources = self._numeric(frame)
        blocks: list[Matrix] = []
        if self.many_:
            self.effects_ = TargetEncoder(target_type="continuous", random_state=self.seed)
            columns = [labelled.index(name) for name in self.many_]
            effects = self.effects_.fit_transform(labels[:, columns], np.asarray(target))
            numeric = np.hstack([numeric, effects])
            names += [f"{name} effect" for name in self.many_]
            sources += self.many_
        if self.linear:
            numeric, names, sources = self._fit_scales(numeric, names, sources)
        blocks.append(numeric)
        if labelled:
            blocks.append(self.one_hot_.transform(labels))
            for name, known in zip(labelled, self._one_hot_names(), strict=True):
                names += [f"{name} = {label}" for label in known]
                sources += [name] * len(known)
        self.feature_names_, self.sources_ = names, sources
        return np.hstack(blocks)

    def transform(self, frame: pd.DataFrame) -> Matrix:
        """Encode rows that the encoder was not fitted on."""
        labelled = self.schema.of_kind(Kind.CATEGORICAL)
        labels = _labels(frame, labelled)
        numeric = self._numeric(frame)[0]
        if self.many_:
            columns = [labelled.index(name) for name in self.many_]
            numeric = np.hstack([numeric, self.effects_.transform(labels[:, columns])])
        if self.linear:
            numeric = self._scaled(numeric)
        if not labelled:
            return numeric
        return np.hstack([numeric, self.one_hot_.transform(labels)])

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "feature_names_")

    def _fit_days(self, frame: pd.DataFrame) -> None:
        """Count days from the first training day, and see whether hours are told at all."""
        self.first_day_: dict[str, pd.Timestamp] = {}
        self.has_hours_: dict[str, bool] = {}
        for name in self.schema.of_kind(Kind.DATE):
            present = frame[name].dropna()
            self.first_day_[name] = present.min() if len(present) else pd.Timestamp(0)
            self.has_hours_[name] = bool((present.dt.normalize() != present).any())

    def _fit_labels(self, labels: npt.NDArray[np.object_], names: Sequence[str]) -> None:
        distinct = [len(set(column)) for column in labels.T]
        self.many_ = [
            name for name, count in zip(names, distinct, strict=True) if count > MAX_LABELS
        ]
        if names:
            self.one_hot_ = OneHotEncoder(
                min_frequency=min(RARE_ROWS, len(labels)),
                max_categories=MAX_LABELS,
                handle_unknown="infrequent_if_exist",
                sparse_output=False,
            ).fit(labels)

    def _one_hot_names(self) -> list[list[str]]:
        """The labels that have a column each, per categorical column, in the matrix's order."""
        rare = getattr(self.one_hot_, "infrequent_categories_", [None] * len(self.many_))
        names = []
        for known, few in zip(self.one_hot_.categories_, rare, strict=True):
            grouped = set() if few is None else set(few)
            kept = [str(label) for label in known if label not in grouped]
            names.append(kept + (["(rare)"] if grouped else []))
        return names

    def _numeric(self, frame: pd.DataFrame) -> tuple[Matrix, list[str], list[str]]:
        """Numbers, booleans as 0 and 1, and the parts of dates, with NaN where missing."""
        columns: list[Matrix] = []
        names: list[str] = []
        sources: list[str] = []
        for column in self.schema.columns:
            values = frame[column.name]
            if column.kind in (Kind.NUMERIC, Kind.BOOLEAN):
                parts = {"": values.to_numpy(dtype="float64", na_value=np.nan)}
            elif column.kind is Kind.DATE:
                parts = self._date_parts(column.name, values)
            else:
                continue
            for suffix, part in parts.items():
                columns.append(part)
                names.append(f"{column.name} {suffix}".strip())
                sources.append(column.name)
        if not columns:
            return np.empty((len(frame), 0)), names, sources
        return np.column_stack(columns), names, sources

    def _date_parts(self, name: str, values: pd.Series[Any]) -> dict[str, Matrix]:
        """Days since the first training day, and where in year, week and day a date lies.

        Cycles become a point on a circle, so that December is next to January.
        """
        elapsed = (values - self.first_day_[name]).dt.total_seconds().to_numpy() / SECONDS_A_DAY
        turns = {
            "month": (values.dt.month.to_numpy() - 1) / 12,
            "weekday": values.dt.dayofweek.to_numpy() / 7,
        }
        if self.has_hours_[name]:
            turns["hour"] = (values.dt.hour.to_numpy() + values.dt.minute.to_numpy() / 60) / 24
        parts: dict[str, Matrix] = {"days": elapsed}
        for cycle, turn in turns.items():
            parts[f"{cycle} sin"] = np.sin(2 * np.pi * turn)
            parts[f"{cycle} cos"] = np.cos(2 * np.pi * turn)
        return parts

    def _fit_scales(
        self, numeric: Matrix, names: list[str], sources: list[str]
    ) -> tuple[Matrix, list[str], list[str]]:
        absent = np.isnan(numeric)
        self.marked_ = np.flatnonzero(absent.any(axis=0) & ~absent.all(axis=0))
        filled = np.where(absent.all(axis=0), 0.0, numeric)
        self.medians_ = np.nanmedian(filled, axis=0) if len(names) else np.empty(0)
        completed = self._completed(numeric)
        self.means_ = completed.mean(axis=0)
        deviations = completed.std(axis=0)
        self.deviations_ = np.where(deviations > 0, deviations, 1.0)
        names = names + [f"{names[index]} missing" for index in self.marked_]
        sources = sources + [sources[index] for index in self.marked_]
        return (completed - self.means_) / self.deviations_, names, sources

    def _completed(self, numeric: Matrix) -> Matrix:
        absent = np.isnan(numeric)
        return np.hstack([np.where(absent, self.medians_, numeric), absent[:, self.marked_]])

    def _scaled(self, numeric: Matrix) -> Matrix:
        scaled: Matrix = (self._completed(numeric) - self.means_) / self.deviations_
        return scaled


def _labels(frame: pd.DataFrame, names: Sequence[str]) -> npt.NDArray[np.object_]:
    """Categorical columns as texts; "missing" is a label like any other."""
    if not names:
        return np.empty((len(frame), 0), dtype=object)
    texts = frame[list(names)].astype(object)
    return texts.where(texts.notna(), MISSING_LABEL).to_numpy(dtype=object)
