"""The table as the model knows it: its columns, their kinds, and how raw records become typed ones.

Written by Prepare as schema.json, used by every later step and by the endpoint.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from source import parsing
from source.errors import UserError
from source.parsing import Parsed

FILE_NAME = "schema.json"
VERSION = 1
MAX_REPORTED = 10


class Kind(StrEnum):
    """What the values of a column are."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    BOOLEAN = "boolean"
    DATE = "date"


EXPECTED = {
    Kind.NUMERIC: "a number",
    Kind.CATEGORICAL: "a text",
    Kind.BOOLEAN: "true or false",
    Kind.DATE: "a date such as 2026-05-31",
}


class InvalidRecords(UserError):
    """Records do not fit the schema; the text names each column and its first bad value."""


@dataclass(frozen=True)
class Column:
    """One feature: its name, what it holds and how its texts are read."""

    name: str
    kind: Kind
    date_format: str | None = None
    decimal_comma: bool = False
    # Texts of this column alone that were read as missing, such as "n.d." among numbers.
    also_missing: tuple[str, ...] = ()

    def parse(self, raw: pd.Series[Any]) -> Parsed:
        """Read raw values as this column's kind."""
        if self.also_missing and raw.dtype == object:
            tokens = set(self.also_missing)
            stray = raw.map(lambda value: isinstance(value, str) and value.strip() in tokens)
            raw = raw.mask(stray.astype(bool), None)
        if self.kind is Kind.NUMERIC:
            return parsing.numbers(raw, decimal_comma=self.decimal_comma)
        if self.kind is Kind.BOOLEAN:
            return parsing.booleans(raw)
        if self.kind is Kind.DATE:
            return parsing.dates(raw, date_format=self.date_format)
        return parsing.texts(raw)


@dataclass(frozen=True)
class TableSchema:
    """The features in the order of the training table, the target, what was left out and why."""

    target: str
    columns: tuple[Column, ...]
    ignored: Mapping[str, str] = field(default_factory=dict)
    time_column: str | None = None
    group_column: str | None = None

    @property
    def features(self) -> list[str]:
        """Names of the features, in order."""
        return [column.name for column in self.columns]

    def of_kind(self, *kinds: Kind) -> list[str]:
        """Names of the features of these kinds, in order."""
        return [column.name for column in self.columns if column.kind in kinds]

    def read_records(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Raw records to typed features: one row per record, the schema's columns and order.

        Numeric float64, boolean nullable, date datetime64[ns], categorical text or None. Extra
        columns are ignored. Raises `InvalidRecords` for absent columns, values of another type
        and infinite numbers, all of them at once.
        """
        absent = [name for name in self.features if name not in raw.columns]
        problems = [f"column {name!r} is missing" for name in absent]
        typed: dict[str, pd.Series[Any]] = {}
        for column in self.columns:
            if column.name in absent:
                continue
            values, bad = column.parse(raw[column.name])
            typed[column.name] = values
            expected = EXPECTED[column.kind]
            if column.kind is Kind.NUMERIC:
                infinite = np.isinf(values.to_numpy(dtype="float64"))
                if infinite.any():
                    bad, expected = bad | infinite, "a finite number or null"
            if bad.any():
                row = int(bad.argmax())
                value = show(raw[column.name].iloc[row])
                more = f" (and {int(bad.sum()) - 1} more)" if bad.sum() > 1 else ""
                problems.append(
                    f"column {column.name!r}, record {row}: {value} is not {expected}{more}"
                )
        if problems:
            hidden = len(problems) - MAX_REPORTED
            tail = [f"and {hidden} more problems"] if hidden > 0 else []
            raise InvalidRecords("; ".join(problems[:MAX_REPORTED] + tail))
        return pd.DataFrame(typed, index=raw.index, columns=self.features)

    def raw_records(self, typed: pd.DataFrame) -> list[dict[str, Any]]:
        """Typed rows as a client would send them in JSON: ISO dates, null for missing values."""
        columns = {column.name: _plain(typed[column.name], column.kind) for column in self.columns}
        return [
            {name: values[row] for name, values in columns.items()} for row in range(len(typed))
        ]

    def save(self, path: Path) -> None:
        """Write the schema as JSON."""
        document = {"version": VERSION, **asdict(self)}
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> TableSchema:
        """Read what `save` wrote. Raises `UserError` for a file of another version."""
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.pop("version", None) != VERSION:
            raise UserError(f"{path} is not a version {VERSION} schema: run Prepare again")
        columns = tuple(
            Column(
                **{
                    **values,
                    "kind": Kind(values["kind"]),
                    "also_missing": tuple(values["also_missing"]),
                }
            )
            for values in document.pop("columns")
        )
        return cls(columns=columns, **document)


def show(value: object, limit: int = 40) -> str:
    """A value as an error message quotes it: JSON's spelling, shortened."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a table makes floats of whole numbers beside missing ones
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _plain(values: pd.Series[Any], kind: Kind) -> list[Any]:
    present = values.notna()
    if kind is Kind.DATE:
        midnight = bool((values.dropna() == values.dropna().dt.normalize()).all())
        texts = values.dt.strftime("%Y-%m-%d" if midnight else "%Y-%m-%dT%H:%M:%S.%f")
        return [text if ok else None for text, ok in zip(texts, present, strict=True)]
    if kind is Kind.BOOLEAN:
        return [bool(value) if ok else None for value, ok in zip(values, present, strict=True)]
    if kind is Kind.NUMERIC:
        return [_shortest(value) if ok else None for value, ok in zip(values, present, strict=True)]
    return [value if ok else None for value, ok in zip(values, present, strict=True)]


def _shortest(value: float) -> int | float:
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(value)
