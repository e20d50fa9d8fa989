"""Checks a raw table against the settings and gives it types; every problem is listed at once."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from source import kinds, parsing, problems
from source.problems import Level, Problem
from source.reading import RawTable
from source.schema import Column, Kind, TableSchema, show
from source.settings import DataSettings, SplitSettings

# A feature that follows the target this closely is more often a leak than a discovery.
SUSPICIOUS_CORRELATION = 0.999


@dataclass(frozen=True)
class ColumnSummary:
    """One column of the validation report; `missing` counts values."""

    name: str
    role: str
    kind: str | None
    missing: int
    distinct: int


@dataclass(frozen=True)
class ValidationReport:
    """What was read, what was found, and whether training may go on."""

    rows_read: int
    rows_without_target: int
    rows_kept: int
    files: tuple[str, ...]
    columns: tuple[ColumnSummary, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that end the run."""
        return tuple(problem for problem in self.problems if problem.level is Level.ERROR)

    @property
    def passed(self) -> bool:
        """Whether there is no error."""
        return not self.errors

    def save(self, path: Path) -> None:
        """Write the report as JSON."""
        document = {"passed": self.passed, **asdict(self)}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def text(self) -> str:
        """The report as a person reads it on a terminal: errors first."""
        head = (
            f"{self.rows_read} rows in {len(self.files)} file(s), {self.rows_without_target} "
            f"without target, {self.rows_kept} kept"
        )
        ordered = sorted(self.problems, key=lambda problem: problem.level is not Level.ERROR)
        return "\n".join([head, *map(str, ordered)])


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
    found = [*_table_problems(table), *_settings_problems(raw, data, split)]
    target, target_problems = _target(raw, data)
    found += target_problems
    known = np.ones(len(raw), dtype=bool) if target is None else target.notna().to_numpy()
    kept = raw[known].reset_index(drop=True)
    if target is not None:
        target = target[known].reset_index(drop=True)
        found += _row_problems(kept, target, data)

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
        found += _leaks(columns, typed, target)
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
        columns=_summaries(kept, data.target, columns, ignored),
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


def _table_problems(table: RawTable) -> list[Problem]:
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


def _settings_problems(
    raw: pd.DataFrame, data: DataSettings, split: SplitSettings
) -> list[Problem]:
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


def _target(raw: pd.DataFrame, data: DataSettings) -> tuple[pd.Series[Any] | None, list[Problem]]:
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


def _row_problems(kept: pd.DataFrame, target: pd.Series[Any], data: DataSettings) -> list[Problem]:
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


def _leaks(
    columns: Sequence[Column], typed: dict[str, pd.Series[Any]], target: pd.Series[Any]
) -> list[Problem]:
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


def _summaries(
    kept: pd.DataFrame, target: str, columns: Sequence[Column], ignored: dict[str, str]
) -> tuple[ColumnSummary, ...]:
    kind_of = {column.name: column.kind.value for column in columns}
    summaries = []
    for name in kept.columns:
        role = "target" if name == target else "feature" if name in kind_of else "left out"
        if name in ignored:
            role = f"left out: {ignored[name]}"
        missing = parsing.missing_mask(kept[name])
        distinct = kept[name][~missing].map(str).nunique()
        summaries.append(
            ColumnSummary(str(name), role, kind_of.get(name), int(missing.sum()), int(distinct))
        )
    return tuple(summaries)


def _listed(names: pd.Index[Any], limit: int = 12) -> str:
    shown = ", ".join(map(str, names[:limit]))
    return shown + (f" and {len(names) - limit} more" if len(names) > limit else "")


def _suggestion(name: str | None, names: pd.Index[Any]) -> str:
    folded = {str(known).casefold(): str(known) for known in names}
    close = difflib.get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.6)
    return f" (did you mean {folded[close[0]]!r}?)" if close else ""
