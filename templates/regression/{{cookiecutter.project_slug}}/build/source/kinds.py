"""Decides what a raw column holds: numbers, labels, booleans, dates, or nothing to learn from.

The decision is made once, on the training table, and kept in the schema. `data.kinds` in
config/pipeline.yaml overrules it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from source import parsing, problems
from source.problems import Problem
from source.schema import EXPECTED, Column, Kind, show

NESTED = (list, dict, tuple, set, bytes, np.ndarray)
# A text column is numeric (or dates) when at least this share of its values reads as such. The
# rest are slips of the pen, read as missing and reported.
CLEAR_MAJORITY = 0.95
# From this many rows on, a text that hardly ever repeats cannot be learnt from.
IDENTIFIER_ROWS = 30
IDENTIFIER_SHARE = 0.9
IDENTIFIER_NAME = re.compile(r"(^|[_\s.-])(id|uuid|guid|row|index|key)s?$|^unnamed", re.IGNORECASE)
LEADING_ZERO = re.compile(r"0\d+")
# ISO 8601 comes first; these are tried in order for texts that look otherwise.
DATE_FORMATS = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%d %b %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
)


@dataclass(frozen=True)
class Decision:
    """What a column holds, or why it is no feature, and what a person should know about it."""

    column: Column | None
    reason: str | None = None
    problems: tuple[Problem, ...] = ()


def decide(name: str, raw: pd.Series[Any], override: str | None = None) -> Decision:
    """Decide the kind of one raw column; `override` is the column's entry in data.kinds."""
    if override == "ignore":
        return Decision(None, "data.kinds says ignore")
    nested = raw.map(
        lambda value: isinstance(value, list | dict | tuple | set | bytes | np.ndarray)
    )
    if raw.dtype == object and nested.any():
        return Decision(
            None,
            "nested values",
            (
                problems.error(
                    "nested_values",
                    f"column {name!r} holds lists or objects, such as {show(raw[nested].iloc[0])}",
                    f"flatten it in the query, or add {name!r} to data.drop",
                    name,
                ),
            ),
        )
    missing = parsing.missing_mask(raw)
    if missing.all():
        return _ignored(name, "no_values", "has no values", "no values")
    if override is not None:
        return _overruled(name, raw, override)
    present = raw[~missing]
    decision = _by_type(name, present) or _by_text(name, present)
    if decision.column is not None:
        return _without_information(name, decision, present, bool(missing.any())) or decision
    return decision


def _overruled(name: str, raw: pd.Series[Any], override: str) -> Decision:
    kind = Kind(override.partition(":")[0])
    date_format = override.partition(":")[2] or None
    if kind is Kind.DATE and date_format is None:
        # The format is still found by looking; only the kind was given.
        found = _as_dates(name, _texts(raw), required=0.5)
        column = found.column if found and found.column else Column(name, kind)
    else:
        comma = kind is Kind.NUMERIC and raw.dtype == object and parsing.uses_decimal_comma(raw)
        column = Column(name, kind, date_format=date_format, decimal_comma=comma)
    bad = column.parse(raw).bad
    if not bad.any():
        return Decision(column)
    return Decision(
        None,
        "values of another type",
        (
            problems.error(
                "wrong_type",
                f"column {name!r} should be {override}, but {int(bad.sum())} of {len(raw)} values "
                f"are not {EXPECTED[kind]}, such as {_examples(raw[bad])}",
                f"correct the values at the source, or change data.kinds for {name!r}",
                name,
            ),
        ),
    )


def _by_type(name: str, present: pd.Series[Any]) -> Decision | None:
    """Decide by the type that a Parquet file or a data frame gives; None when it is text."""
    if pd.api.types.is_bool_dtype(present.dtype):
        return Decision(Column(name, Kind.BOOLEAN))
    if pd.api.types.is_numeric_dtype(present.dtype):
        return _numeric(Column(name, Kind.NUMERIC), present)
    if pd.api.types.is_datetime64_any_dtype(present.dtype):
        return Decision(Column(name, Kind.DATE))
    inferred = pd.api.types.infer_dtype(present, skipna=True)
    if inferred == "boolean":
        return Decision(Column(name, Kind.BOOLEAN))
    if inferred in ("integer", "floating", "mixed-integer-float", "decimal"):
        return _numeric(Column(name, Kind.NUMERIC), present)
    if inferred in ("date", "datetime", "datetime64"):
        return Decision(Column(name, Kind.DATE))
    return None


def _by_text(name: str, present: pd.Series[Any]) -> Decision:
    texts = _texts(present)
    lowered = set(texts.str.casefold().unique())
    # One word alone, such as a column of "n", may as well be a code: both sides must occur.
    if any(lowered == set(pair) for pair in parsing.BOOLEAN_PAIRS):
        return Decision(Column(name, Kind.BOOLEAN))
    codes = bool(texts.map(lambda text: bool(LEADING_ZERO.fullmatch(text))).any())
    if not codes:  # 00501 is a code, not the number 501
        column = Column(name, Kind.NUMERIC, decimal_comma=parsing.uses_decimal_comma(texts))
        numeric = _majority(column, present)
        if numeric is not None:
            return numeric
    return _as_dates(name, texts) or Decision(Column(name, Kind.CATEGORICAL))


def _as_dates(
    name: str, texts: pd.Series[Any], required: float = CLEAR_MAJORITY
) -> Decision | None:
    """The decision for a column of dates, None when it holds something else."""
    sample = texts[texts.map(lambda text: bool(re.search(r"\d", text)))]
    if len(sample) < required * len(texts):
        return None
    fitting: list[Decision] = []
    for date_format in (None, *DATE_FORMATS):
        column = Column(name, Kind.DATE, date_format=date_format)
        decision = _majority(column, texts, required)
        if decision is not None:
            fitting.append(decision)
            if date_format is None:
                break
    if not fitting:
        return None
    # The format that reads most values; the first of equals.
    best = min(fitting, key=lambda decision: len(_strays(decision)))
    rivals = [
        decision.column.date_format
        for decision in fitting
        if decision.column is not None
        and decision is not best
        and len(_strays(decision)) == len(_strays(best))
    ]
    if best.column is None or not rivals:
        return best
    note = problems.warning(
        "ambiguous_dates",
        f"column {name!r}: {best.column.date_format} and {rivals[0]} both fit every date, such as "
        f"{_examples(texts)}; read as {best.column.date_format}",
        f"set data.kinds: {{{name}: 'date:{rivals[0]}'}} if that is what is meant",
        name,
    )
    return Decision(best.column, problems=(*best.problems, note))


def _majority(
    column: Column, present: pd.Series[Any], required: float = CLEAR_MAJORITY
) -> Decision | None:
    """The column with its stray texts read as missing, None when too many do not fit."""
    bad = column.parse(present).bad
    share = 1 - bad.mean()
    if share < required:
        return None
    if not bad.any():
        return _numeric(column, present) if column.kind is Kind.NUMERIC else Decision(column)
    strays = tuple(sorted({str(value).strip() for value in present[bad]}))
    note = problems.warning(
        "stray_values",
        f"column {column.name!r} is {column.kind.value} but for {int(bad.sum())} values, such as "
        f"{_examples(present[bad])}; they are read as missing",
        f"correct them at the source, or set data.kinds: {{{column.name}: categorical}}",
        column.name,
    )
    column = Column(
        column.name,
        column.kind,
        date_format=column.date_format,
        decimal_comma=column.decimal_comma,
        also_missing=strays,
    )
    return Decision(column, problems=(note,))


def _numeric(column: Column, present: pd.Series[Any]) -> Decision:
    values = column.parse(present).values.to_numpy(dtype="float64")
    infinite = int(np.isinf(values).sum())
    if not infinite:
        return Decision(column)
    note = problems.warning(
        "infinite_values",
        f"column {column.name!r} holds {infinite} infinite values; they are read as missing",
        "find the division by zero or overflow that makes them",
        column.name,
    )
    return Decision(column, problems=(note,))


def _without_information(
    name: str, decision: Decision, present: pd.Series[Any], some_missing: bool
) -> Decision | None:
    """Leave out constants, and what names a row instead of describing it.

    One value that is missing in some rows is kept: whether it is there may tell something.
    """
    column = decision.column
    if column is None:
        return None
    values = column.parse(present).values.dropna()
    distinct, rows = values.nunique(), len(values)
    if distinct <= 1 and not some_missing:
        return _ignored(
            name, "constant", f"has the same value {show(present.iloc[0])} in every row", "constant"
        )
    if rows < IDENTIFIER_ROWS:
        return None
    if column.kind is Kind.CATEGORICAL and distinct >= IDENTIFIER_SHARE * rows:
        return _ignored(
            name,
            "identifier",
            f"holds {distinct} different texts in {rows} rows: it names the rows, or is free text",
            "identifier or free text",
            "build features from it in the query, or set data.kinds to categorical to keep it",
        )
    if column.kind is Kind.NUMERIC and distinct == rows and (values % 1 == 0).all():
        counts = values.max() - values.min() == rows - 1
        if counts or IDENTIFIER_NAME.search(name):
            return _ignored(
                name,
                "identifier",
                f"holds {rows} different whole numbers in {rows} rows: it counts or names the rows",
                "identifier",
                "nothing to do, or set data.kinds to numeric to keep it",
            )
    return None


def _ignored(name: str, code: str, seen: str, reason: str, fix: str | None = None) -> Decision:
    note = problems.warning(
        code,
        f"column {name!r} {seen}; it is left out",
        fix or f"nothing to do; add {name!r} to data.drop to silence this",
        name,
    )
    return Decision(None, reason, (note,))


def _texts(raw: pd.Series[Any]) -> pd.Series[Any]:
    present = raw[~parsing.missing_mask(raw)]
    return present.map(lambda value: value.strip() if isinstance(value, str) else str(value))


def _strays(decision: Decision) -> Sequence[str]:
    return decision.column.also_missing if decision.column is not None else ()


def _examples(values: pd.Series[Any], count: int = 3) -> str:
    seen: Callable[[object], str] = show
    return ", ".join(seen(value) for value in list(dict.fromkeys(values))[:count])
