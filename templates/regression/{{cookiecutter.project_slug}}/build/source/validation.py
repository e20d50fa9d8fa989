"""Checks a raw table against the settings and gives it types; every problem is listed at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from source import checks, kinds, parsing, problems
from source.problems import Problem
from source.reading import RawTable
from source.schema import Column, Kind, TableSchema
from source.sections import DataSettings, SplitSettings
from source.validation_report import ValidationReport, summarise


@dataclass(frozen=True)
class ValidatedTable:
    """Typed rows (features, target, and what the split needs), their schema and the report.

    `frame` and `schema` are None when the report has errors.
    """

    frame: pd.DataFrame | None
    schema: TableSchema | None
    report: ValidationReport


def validate(table: RawTable, data: DataSettings, split: SplitSettings) -> ValidatedTable:
    """Check `table` and type its columns; rows without target are dropped and counted."""
    raw = table.frame
    found = [*checks.table_problems(table), *checks.settings_problems(raw, data, split)]
    target, target_problems = checks.read_target(raw, data)
    found += target_problems
    known = np.ones(len(raw), dtype=bool) if target is None else target.notna().to_numpy()
    kept = raw[known].reset_index(drop=True)
    if target is not None:
        target = target[known].reset_index(drop=True)
        found += checks.row_problems(kept, target, data)

    ignored: dict[str, str] = dict.fromkeys((c for c in data.drop if c in raw), "data.drop")
    if split.group_column in raw:
        ignored[str(split.group_column)] = "groups rows for the split"
    columns: list[Column] = []
    typed: dict[str, pd.Series[Any]] = {}
    for name in raw.columns:
        if name == data.target or name in ignored or not len(kept):
            continue
        decision = kinds.decide(name, kept[name], data.kinds.get(name))
        found += decision.problems
        if decision.column is None:
            ignored[name] = decision.reason or ""
            continue
        columns.append(decision.column)
        typed[name] = _finite(decision.column.parse(kept[name]).values)
    if target is not None:
        found += checks.leak_problems(columns, typed, target)
    if len(kept) and not columns:
        found.append(
            problems.error(
                "no_features",
                "no column is left to learn from",
                "see the warnings about the columns that were left out",
            )
        )
    found += _split_columns(kept, typed, split)
    _keep_for_segments(kept, typed, data)
    report = ValidationReport(
        rows_read=len(raw),
        rows_without_target=int((~known).sum()),
        rows_kept=len(kept),
        files=table.files,
        columns=summarise(kept, data.target, columns, ignored),
        problems=tuple(found),
    )
    if not report.passed or target is None:
        return ValidatedTable(None, None, report)
    schema = TableSchema(
        target=data.target,
        columns=tuple(columns),
        ignored=ignored,
        time_column=split.time_column,
        group_column=split.group_column,
    )
    return ValidatedTable(pd.DataFrame({**typed, data.target: target}), schema, report)


def _split_columns(
    kept: pd.DataFrame, typed: dict[str, pd.Series[Any]], split: SplitSettings
) -> list[Problem]:
    """Add what the split needs to `typed` where it is no feature; say what is wrong with it."""
    time, group = split.time_column, split.group_column
    if group is not None and group in kept:
        typed[group] = parsing.texts(kept[group]).values
    if time is None or time not in kept or not len(kept):
        return []
    if time not in typed:
        # Looked at as if it were not dropped, because the split still needs its order.
        column = kinds.decide(time, kept[time]).column
        if column is None and pd.api.types.is_numeric_dtype(kept[time].dtype):
            column = Column(time, Kind.NUMERIC)
        if column is not None:
            typed[time] = column.parse(kept[time]).values
    values = typed.get(time)
    ordered = values is not None and (
        pd.api.types.is_datetime64_any_dtype(values.dtype)
        or pd.api.types.is_float_dtype(values.dtype)
    )
    if values is None or not ordered:
        return [
            problems.error(
                "time_not_ordered",
                f"split.time_column {time!r} holds neither dates nor numbers",
                f"name its format, such as data.kinds: {{{time}: 'date:%d/%m/%Y'}}",
                time,
            )
        ]
    if values.isna().any():
        return [
            problems.error(
                "time_missing",
                f"split.time_column {time!r} is missing in {int(values.isna().sum())} rows",
                "a row without time has no place in the order; leave such rows out in the query",
                time,
            )
        ]
    return []


def _keep_for_segments(
    kept: pd.DataFrame, typed: dict[str, pd.Series[Any]], data: DataSettings
) -> None:
    """Add columns that errors are reported by to `typed`, although nothing is learnt from them."""
    for name in data.segment_by:
        if name in kept and name not in typed and name != data.target and len(kept):
            decided = kinds.decide(name, kept[name], data.kinds.get(name)).column
            column = decided or Column(name, Kind.CATEGORICAL)
            typed[name] = _finite(column.parse(kept[name]).values)


def _finite(values: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_float_dtype(values.dtype):
        return values.replace([np.inf, -np.inf], np.nan)
    return values
