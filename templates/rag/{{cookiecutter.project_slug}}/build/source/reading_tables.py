"""Reads CSV and Parquet: every row becomes a document of its own."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from source.extracted import Extracted, sections_of
from source.ingest_settings import DataSettings
from source.text_encoding import UnreadableDocument, clean, decode

LARGEST_FIELD = 2**27


@dataclass(frozen=True)
class Row:
    """A row that became a document, or the reason why it could not. `id` tells it from others."""

    id: str
    content: Extracted | None
    reason: str = ""


def read_csv(content: bytes, settings: DataSettings, name: str) -> Iterator[Row]:
    """The rows of a CSV file with a header. Raises `UnreadableDocument`."""
    text = decode(content).text
    first = text[:65536]
    try:
        dialect: Any = csv.Sniffer().sniff(first, delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel_tab if first.count("\t") > first.count(",") else csv.excel
    # The sniffer guesses from a few lines; what a quote means inside quotes is never in doubt.
    csv.field_size_limit(LARGEST_FIELD)
    lines = csv.reader(
        io.StringIO(text, newline=""), delimiter=dialect.delimiter, doublequote=True, strict=True
    )
    try:
        header = next(lines, None)
        rows = list(lines)
    except csv.Error as error:
        raise UnreadableDocument(f"line {lines.line_num} is not CSV: {error}") from error
    if not header:
        raise UnreadableDocument("it has no header")
    header = [column.strip() for column in header]
    _check_columns(header, settings)
    return _csv_rows(header, rows, settings, name)


def _csv_rows(
    header: list[str], rows: list[list[str]], settings: DataSettings, name: str
) -> Iterator[Row]:
    for number, cells in enumerate(rows, start=1):
        if not any(cells):
            continue
        if len(cells) != len(header):
            reason = f"{len(cells)} cells, where the header has {len(header)}"
            yield Row(f"{name}#{number}", None, reason)
        else:
            yield _row(dict(zip(header, cells, strict=True)), number, settings, name)


def read_parquet(content: bytes, settings: DataSettings, name: str) -> Iterator[Row]:
    """The rows of a Parquet file. Raises `UnreadableDocument`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        _check_columns(file.schema_arrow.names, settings)
        batches = [batch.to_pylist() for batch in file.iter_batches(1024)]
    except (pa.ArrowException, OSError) as error:
        raise UnreadableDocument(f"it is no readable Parquet file: {error}") from error
    rows = itertools.chain.from_iterable(batches)
    return (_row(fields, number, settings, name) for number, fields in enumerate(rows, start=1))


def _check_columns(columns: list[str], settings: DataSettings) -> None:
    named = {
        "text_column": settings.text_column,
        "id_column": settings.id_column,
        "title_column": settings.title_column,
        **{f"metadata_columns ({name})": name for name in settings.metadata_columns},
    }
    for key, column in named.items():
        if column is not None and column not in columns:
            raise UnreadableDocument(
                f"it has no column {column!r}, which data.{key} names; "
                f"its columns are {', '.join(columns)}"
            )


def _row(fields: Mapping[str, Any], number: int, settings: DataSettings, name: str) -> Row:
    """Without an id column a row is named by its place, which changes when rows are put before."""
    values = {key: _plain(value) for key, value in fields.items()}
    identifier = f"{name}#{number}"
    if settings.id_column is not None:
        given = values[settings.id_column]
        if given in (None, ""):
            return Row(identifier, None, f"no value in its column {settings.id_column!r}")
        identifier = str(given)
    kept = [*settings.metadata_columns]
    if settings.label_attribute in values:
        kept.append(str(settings.label_attribute))
    metadata = {key: values[key] for key in kept if values[key] is not None}
    if settings.text_column is not None:
        text = str(values[settings.text_column] or "")
    else:
        hidden = {settings.id_column, settings.label_attribute}
        text = "\n".join(
            f"{key}: {value}"
            for key, value in values.items()
            if key not in hidden and value not in (None, "")
        )
    text = clean(text).strip("\n")
    title = values[settings.title_column] if settings.title_column else None
    named = " ".join(str(title).split()) if title not in (None, "") else None
    return Row(identifier, Extracted(text, sections_of(text, ()), named, metadata))


def _plain(value: Any) -> Any:
    """A cell as text, number or list of texts."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [str(part) for part in value]
    return value.isoformat() if isinstance(value, datetime | date | time) else str(value)
