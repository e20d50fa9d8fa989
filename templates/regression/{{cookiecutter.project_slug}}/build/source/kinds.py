"""Decides what a raw column holds: numbers, labels, booleans, dates, or nothing to learn from.

The decision is made once, on the training table, and kept in the schema. `data.kinds` in
config/pipeline.yaml overrules it.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from source import parsing, problems
from source.date_columns import as_dates
from source.decision import Decision, examples, majority, numeric
from source.schema import EXPECTED, Column, Kind, show

NESTED = (list, dict, tuple, set, bytes, np.ndarray)
# From this many rows on, a text of which there are fewer than two rows each cannot be learnt from.
IDENTIFIER_ROWS = 30
IDENTIFIER_SHARE = 0.5
IDENTIFIER_NAME = re.compile(r"(^|[_\s.-])(id|uuid|guid|row|index|key)s?$|^unnamed", re.IGNORECASE)
LEADING_ZERO = re.compile(r"0\d+")


def decide(name: str, raw: pd.Series[Any], override: str | None = None) -> Decision:
    """Decide the kind of one raw column; `override` is the column's entry in data.kinds."""
    if override == "ignore":
        return Decision(None, "data.kinds says ignore")
    nested = _nested(raw)
    if nested.any():
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


def _nested(raw: pd.Series[Any]) -> pd.Series[Any]:
    """Which values are lists or objects."""
    if raw.dtype != object or parsing.all_text(raw):
        return pd.Series(False, index=raw.index)
    return raw.map(lambda value: isinstance(value, NESTED))


def _overruled(name: str, raw: pd.Series[Any], override: str) -> Decision:
    kind = Kind(override.partition(":")[0])
    date_format = override.partition(":")[2] or None
    if kind is Kind.DATE and date_format is None:
        # The format is still found by looking; only the kind was given.
        found = as_dates(name, _texts(raw), required=0.5)
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
                f"are not {EXPECTED[kind]}, such as {examples(raw[bad])}",
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
        return numeric(Column(name, Kind.NUMERIC), present)
    if pd.api.types.is_datetime64_any_dtype(present.dtype):
        return Decision(Column(name, Kind.DATE))
    inferred = pd.api.types.infer_dtype(present, skipna=True)
    if inferred == "boolean":
        return Decision(Column(name, Kind.BOOLEAN))
    if inferred in ("integer", "floating", "mixed-integer-float", "decimal"):
        return numeric(Column(name, Kind.NUMERIC), present)
    if inferred in ("date", "datetime", "datetime64"):
        return Decision(Column(name, Kind.DATE))
    return None


def _by_text(name: str, present: pd.Series[Any]) -> Decision:
    texts = _texts(present)
    distinct = texts.unique()
    lowered = {text.casefold() for text in distinct}
    # One word alone, such as a column of "n", may as well be a code: both sides must occur.
    if any(lowered == set(pair) for pair in parsing.BOOLEAN_PAIRS):
        return Decision(Column(name, Kind.BOOLEAN))
    # 00501 is a code, not the number 501.
    if not any(LEADING_ZERO.fullmatch(text) for text in distinct):
        column = Column(name, Kind.NUMERIC, decimal_comma=parsing.uses_decimal_comma(texts))
        numeric = majority(column, present)
        if numeric is not None:
            return numeric
    return as_dates(name, texts) or Decision(Column(name, Kind.CATEGORICAL))


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
    if parsing.all_text(present):
        return present.str.strip()
    return present.map(lambda value: str(value).strip())
