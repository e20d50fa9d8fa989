"""The checks of a raw table, each a list of problems; `validation` puts them together."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from source import parsing, problems
from source.problems import Problem
from source.reading import RawTable
from source.schema import Column, Kind, show
from source.sections import DataSettings, SplitSettings

# A feature that follows the target this closely is more often a leak than a discovery.
SUSPICIOUS_CORRELATION = 0.999


def table_problems(table: RawTable) -> list[Problem]:
    """Columns that repeat or are missing in a file; a table without rows."""
    found = [
        problems.error(
            "duplicate_column",
            f"column {name!r} occurs more than once",
            "rename one of them at the source",
            name,
        )
        for name in table.duplicates
    ]
    found += [
        problems.error(
            "missing_in_file",
            f"column {name!r} is missing in {file}",
            "give every file the same columns",
            name,
        )
        for name, file in table.partial
    ]
    if table.frame.empty:
        found.append(
            problems.error(
                "empty_table", "the table has a header but no rows", "check data.source and query"
            )
        )
    return found


def settings_problems(raw: pd.DataFrame, data: DataSettings, split: SplitSettings) -> list[Problem]:
    """Columns that the settings name and the table does not have."""
    found = [
        problems.warning(
            "nothing_to_drop",
            f"data.drop names {name!r}, which the table does not have",
            f"remove it{_suggestion(name, raw.columns)}",
            name,
        )
        for name in data.drop
        if name not in raw
    ]
    wanted = [
        *(("data.kinds", name) for name in data.kinds),
        *(("data.segment_by", name) for name in data.segment_by),
        ("split.time_column", split.time_column),
        ("split.group_column", split.group_column),
    ]
    found += [
        problems.error(
            "missing_column",
            f"{setting} names {name!r}, which the table does not have",
            f"the columns are {_listed(raw.columns)}{_suggestion(name, raw.columns)}",
            name,
        )
        for setting, name in wanted
        if name is not None and name not in raw
    ]
    return found


def read_target(
    raw: pd.DataFrame, data: DataSettings
) -> tuple[pd.Series[Any] | None, list[Problem]]:
    """The target as numbers, NaN where missing; None and why when it is no target to learn."""
    name = data.target
    if name not in raw:
        return None, [
            problems.error(
                "missing_target",
                f"the target column {name!r} is missing",
                f"set data.target to one of {_listed(raw.columns)}{_suggestion(name, raw.columns)}",
                name,
            )
        ]
    column = raw[name]
    if raw.empty:
        return None, []
    missing = parsing.missing_mask(column)
    if missing.all():
        return None, [
            problems.error(
                "target_all_missing",
                f"the target column {name!r} has no value in any of the {len(raw)} rows",
                "check data.target and the query",
                name,
            )
        ]
    comma = column.dtype == object and parsing.uses_decimal_comma(column)
    values, bad = parsing.numbers(column, decimal_comma=comma)
    bad |= np.isinf(values.to_numpy(dtype="float64"))
    if bad.any():
        examples = ", ".join(show(value) for value in list(dict.fromkeys(column[bad].map(str)))[:3])
        return None, [
            problems.error(
                "target_not_numeric",
                f"{int(bad.sum())} of {int((~missing).sum())} values of the target column {name!r} "
                f"are no finite numbers, such as {examples}",
                "predict a numeric column, or clean it in the query",
                name,
            )
        ]
    if values.nunique() <= 1:
        return None, [
            problems.error(
                "target_constant",
                f"the target column {name!r} is {values.dropna().iloc[0]:g} in every row",
                "there is nothing to predict; check data.target and the query",
                name,
            )
        ]
    return values, []


def row_problems(kept: pd.DataFrame, target: pd.Series[Any], data: DataSettings) -> list[Problem]:
    """Too few rows that have a target; rows that repeat others."""
    found = []
    if len(target) < data.minimum_rows:
        found.append(
            problems.error(
                "too_few_rows",
                f"{len(target)} rows have a target, data.minimum_rows asks for {data.minimum_rows}",
                "bring more rows; lower data.minimum_rows only if you trust so few",
            )
        )
    try:
        repeated = int(kept.duplicated().sum())
    except TypeError:  # nested values, which are reported by column
        repeated = 0
    if repeated > 0.01 * len(kept):
        found.append(
            problems.warning(
                "repeated_rows",
                f"{repeated} of {len(kept)} rows repeat another one",
                "they are kept on the same side of the split; remove them if they are copies",
            )
        )
    return found


def leak_problems(
    columns: Sequence[Column], typed: Mapping[str, pd.Series[Any]], target: pd.Series[Any]
) -> list[Problem]:
    """Features that are the target, or follow it too closely to be true."""
    found = []
    for column in columns:
        if column.kind is not Kind.NUMERIC:
            continue
        values = typed[column.name]
        both = values.notna()
        if both.sum() < 10 or values[both].nunique() < 3:
            continue
        if np.array_equal(values[both], target[both]):
            found.append(
                problems.error(
                    "target_copy",
                    f"column {column.name!r} is identical to the target",
                    f"add {column.name!r} to data.drop: a prediction would have to know the answer",
                    column.name,
                )
            )
            continue
        correlation = float(np.corrcoef(values[both], target[both])[0, 1])
        if abs(correlation) >= SUSPICIOUS_CORRELATION:
            found.append(
                problems.warning(
                    "possible_leak",
                    f"column {column.name!r} correlates with the target at {correlation:.4f}",
                    "add it to data.drop unless it is known before the target is",
                    column.name,
                )
            )
    return found


def _listed(names: pd.Index[Any], limit: int = 12) -> str:
    shown = ", ".join(map(str, names[:limit]))
    return shown + (f" and {len(names) - limit} more" if len(names) > limit else "")


def _suggestion(name: str | None, names: pd.Index[Any]) -> str:
    folded = {str(known).casefold(): str(known) for known in names}
    close = difflib.get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.6)
    return f" (did you mean {folded[close[0]]!r}?)" if close else ""
