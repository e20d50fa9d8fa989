"""Reads one column of raw values, as files and requests carry them, into one type.

The same functions read the training table and the requests to the endpoint, so a value means the
same in both. Every function returns the typed values together with a mask of those that it could
not read; whether that is an error is for the caller to say.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

# Texts that mean "no value", compared without case and surrounding blanks.
MISSING = frozenset(
    {"", "-", "--", "?", ".", "#n/a", "#na", "<na>", "n/a", "na", "nan", "nil", "none", "null"}
    | {"missing", "nat", "(missing)"}
)
BOOLEAN_PAIRS = (("true", "false"), ("yes", "no"), ("t", "f"), ("y", "n"))
TRUE = frozenset({*(true for true, _ in BOOLEAN_PAIRS), "1"})
FALSE = frozenset({*(false for _, false in BOOLEAN_PAIRS), "0"})

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:[,' \u00a0\u202f]\d{3})+(?:\.\d*)?")
_DECIMAL_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:[. '\u00a0\u202f]\d{3})+|\d+),\d+")
_DECORATION = re.compile(r"^[$€£¥]\s*|\s*[$€£¥%]$")

Mask = npt.NDArray[np.bool_]


class Parsed(NamedTuple):
    """The typed values of a column, and which of them could not be read (missing is readable)."""

    values: pd.Series[Any]
    bad: Mask


class _Unreadable(Exception):
    """A single value that does not have the type asked for."""


def is_missing(value: object) -> bool:
    """Whether one raw value stands for "no value"."""
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    if isinstance(value, str):
        return value.strip().casefold() in MISSING
    return isinstance(value, float | np.floating) and math.isnan(value)


def all_text(raw: pd.Series[Any]) -> bool:
    """Whether every value that is there is a text, as in a CSV file; found out fast."""
    return pd.api.types.infer_dtype(raw, skipna=True) == "string"


def missing_mask(raw: pd.Series[Any]) -> Mask:
    """Which raw values stand for "no value"."""
    mask = raw.isna().to_numpy(dtype=bool)
    if raw.dtype == object:
        texts = raw if all_text(raw) else raw.where(raw.map(lambda v: isinstance(v, str)), None)
        codes, uniques = pd.factorize(texts, use_na_sentinel=True)
        blank = np.array([is_missing(text) for text in uniques] + [False], dtype=bool)
        mask |= blank[codes]
    return mask


def numbers(raw: pd.Series[Any], *, decimal_comma: bool = False) -> Parsed:
    """Read numbers as float64; texts may carry thousands separators, a currency or a percent sign.

    A percent sign is dropped, not divided by: the column keeps its unit.
    """
    if pd.api.types.is_bool_dtype(raw.dtype):
        return Parsed(pd.Series(np.nan, index=raw.index), raw.notna().to_numpy(dtype=bool))
    if pd.api.types.is_numeric_dtype(raw.dtype):
        return Parsed(raw.astype("float64"), np.zeros(len(raw), dtype=bool))
    if all_text(raw) and not decimal_comma:
        # Plain numbers, nearly all there is in a large file, take pandas' fast path.
        plain = pd.to_numeric(raw, errors="coerce").astype("float64")
        rest = (plain.isna() & ~missing_mask(raw)).to_numpy(dtype=bool)
        bad = np.zeros(len(raw), dtype=bool)
        if rest.any():
            other = _each(raw[rest], lambda value: _number(value, decimal_comma=False))
            plain[rest] = other.values.astype("float64")
            bad[rest] = other.bad
        return Parsed(plain, bad)
    parsed = _each(raw, lambda value: _number(value, decimal_comma=decimal_comma))
    return Parsed(parsed.values.astype("float64"), parsed.bad)


def booleans(raw: pd.Series[Any]) -> Parsed:
    """Read true/false, yes/no, t/f, y/n and 1/0 into pandas' nullable boolean."""
    if pd.api.types.is_bool_dtype(raw.dtype):
        return Parsed(raw.astype("boolean"), np.zeros(len(raw), dtype=bool))
    parsed = _each(raw, _boolean)
    return Parsed(parsed.values.astype("boolean"), parsed.bad)


def dates(raw: pd.Series[Any], *, date_format: str | None = None) -> Parsed:
    """Read dates into datetime64[ns] without a time zone (moved to UTC when one is given).

    ISO 8601 is always understood; `date_format` (strptime) is what the training table used.
    """
    if pd.api.types.is_datetime64_any_dtype(raw.dtype):
        return Parsed(_naive(raw), np.zeros(len(raw), dtype=bool))
    missing = missing_mask(raw)
    timelike = (str, dt.date, np.datetime64)  # datetime and Timestamp are dates
    texts = raw if all_text(raw) else raw.where(raw.map(lambda v: isinstance(v, timelike)), None)
    codes, uniques = pd.factorize(texts.where(~missing, None), use_na_sentinel=True)
    unique = pd.Series([str(value).strip() for value in uniques], dtype=object)
    values = pd.Series(pd.NaT, index=unique.index, dtype="datetime64[ns]")
    for form in ([date_format] if date_format else []) + ["ISO8601"]:
        open_ = values.isna()
        if open_.any():
            found = pd.to_datetime(unique[open_], format=form, errors="coerce", utc=True)
            values[open_] = _naive(found)
    padded = np.append(values.to_numpy(dtype="datetime64[ns]"), np.datetime64("NaT", "ns"))
    result = pd.Series(padded[codes], index=raw.index)
    return Parsed(result, result.isna().to_numpy(dtype=bool) & ~missing)


def texts(raw: pd.Series[Any]) -> Parsed:
    """Read labels: trimmed text, None where missing; numbers and booleans in one spelling each."""
    if raw.dtype != object:
        raw = raw.astype(object)
    return _each(raw, _text)


def uses_decimal_comma(raw: pd.Series[Any]) -> bool:
    """Whether a text column writes 3,14 for 3.14: some value can be read in no other way."""
    values = [text.strip() for text in raw.unique() if isinstance(text, str)]
    fractions = [_DECORATION.sub("", text) for text in values]
    telling = [text for text in fractions if _DECIMAL_COMMA.fullmatch(text)]
    return any(len(text.rpartition(",")[2]) != 3 for text in telling) and not any(
        re.fullmatch(r"[+-]?\d+\.\d+|[+-]?\d{1,3}(?:,\d{3})+\.\d+", text) for text in fractions
    )


def _each(raw: pd.Series[Any], read: Callable[[object], object]) -> Parsed:
    """Apply `read` to every value that is not missing, once per distinct text."""

    def attempt(value: object) -> tuple[object, bool]:
        if is_missing(value):
            return None, False
        try:
            return read(value), False
        except _Unreadable:
            return None, True

    if all_text(raw):
        codes, uniques = pd.factorize(raw, use_na_sentinel=True)
        outcomes = [attempt(text) for text in uniques] + [(None, False)]
        pairs = [outcomes[code] for code in codes]
    else:
        pairs = [attempt(value) for value in raw]
    values = pd.Series([value for value, _ in pairs], index=raw.index, dtype=object)
    return Parsed(values, np.array([bad for _, bad in pairs], dtype=bool))


def _number(value: object, *, decimal_comma: bool) -> float:
    if isinstance(value, bool | np.bool_):
        raise _Unreadable
    if isinstance(value, int | float | np.integer | np.floating | Decimal):
        try:
            return float(value)
        except OverflowError:
            raise _Unreadable from None
    if not isinstance(value, str):
        raise _Unreadable
    text = value.strip()
    if text.startswith("(") and text.endswith(")"):  # bookkeeping's minus sign
        text = "-" + text[1:-1]
    text = _DECORATION.sub("", text).replace("\u2212", "-")
    if decimal_comma and _DECIMAL_COMMA.fullmatch(text):
        text = re.sub(r"[. '\u00a0\u202f]", "", text).replace(",", ".")
    elif _THOUSANDS.fullmatch(text):
        text = re.sub(r"[,' \u00a0\u202f]", "", text)
    if "_" in text:  # Python's float would accept it
        raise _Unreadable
    try:
        return float(text)
    except ValueError:
        raise _Unreadable from None


def _boolean(value: object) -> bool:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | float | np.integer | np.floating) and value in (0, 1):
        return bool(value)
    text = value.strip().casefold() if isinstance(value, str) else ""
    if text in TRUE or text in FALSE:
        return text in TRUE
    raise _Unreadable


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(value)
    if isinstance(value, float | np.floating | Decimal) and math.isfinite(value):
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    if isinstance(value, dt.date):
        return value.isoformat()
    raise _Unreadable


def _naive(values: pd.Series[Any]) -> pd.Series[Any]:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    return values.astype("datetime64[ns]")
