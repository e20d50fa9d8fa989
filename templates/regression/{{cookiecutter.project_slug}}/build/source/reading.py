"""Reads a table from CSV or Parquet: one file, or every file below a directory.

Formats are told by content, not by name, because query engines write Parquet without a suffix.
CSV cells stay text here: what they mean is decided once, over the whole column.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from source.errors import UserError

DELIMITERS = ",;\t|"
SNIFF_BYTES = 64 * 1024


class UnreadableTable(UserError):
    """The input is no table at all; the text names the file and what is wrong with it."""


@dataclass(frozen=True)
class RawTable:
    """The rows of all files as they were written, and what was odd about their columns.

    `duplicates` are names that occur more than once in one file, `partial` maps a column to the
    first file that lacks it while another has it.
    """

    frame: pd.DataFrame
    files: tuple[str, ...]
    duplicates: tuple[str, ...] = ()
    partial: tuple[tuple[str, str], ...] = ()


def read_table(path: Path) -> RawTable:
    """Read `path`, a file or a directory of files with the same columns.

    Raises `UnreadableTable` when there is no file, or one cannot be read.
    """
    files = data_files(path)
    parts = [_read_file(file) for file in files]
    names = list(dict.fromkeys(name for part in parts for name in part.columns))
    duplicates = sorted({name for part in parts for name in _repeated(part.columns)})
    # Empty part files carry no rows that could lack a column.
    partial = tuple(
        (name, next(f.name for f, p in zip(files, parts, strict=True) if name not in p.columns))
        for name in names
        if any(name not in part.columns for part in parts)
    )
    parts = [part.loc[:, ~part.columns.duplicated()] for part in parts]
    frame = parts[0] if len(parts) == 1 else _concatenate(parts)
    return RawTable(frame, tuple(file.name for file in files), tuple(duplicates), partial)


def data_files(path: Path) -> list[Path]:
    """The files that make up the table, sorted: markers, metadata and empty files left out."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UnreadableTable(f"{path}: there is no such file or directory")
    found = sorted(file for file in path.rglob("*") if file.is_file())
    visible = [
        file
        for file in found
        if not file.name.startswith(("_", ".")) and file.suffix not in (".metadata", ".md")
    ]
    files = [file for file in visible if file.stat().st_size > 0]
    if not files:
        seen = f"; it holds {', '.join(f.name for f in found[:5])}" if found else ""
        raise UnreadableTable(f"{path}: there is no CSV or Parquet file with content{seen}")
    return files


def parse_csv(text: str) -> pd.DataFrame:
    """A CSV document with a header to a frame of texts; names are trimmed and may repeat.

    Raises `ValueError` when rows are longer than the header or quotes do not close.
    """
    text = text.removeprefix("\ufeff")
    delimiter = _delimiter(text[:SNIFF_BYTES])
    rows = (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)
    header = [name.strip() for name in next(rows, [])]
    if not any(header):
        raise ValueError("there is no header line")
    # pandas refuses a longer row, except for the first one, which it would cut.
    if len(next(rows, [])) > len(header):
        raise ValueError(f"rows have more fields than the {len(header)} of the header")
    frame = pd.read_csv(
        io.StringIO(text, newline=""),
        sep=delimiter,
        index_col=False,
        dtype=str,
        keep_default_na=False,
    )
    frame.columns = pd.Index(_named(header), dtype=object)
    return frame


def _read_file(path: Path) -> pd.DataFrame:
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    if content[:4] == b"PAR1":
        return _read_parquet(path, content)
    if b"\0" in content[:SNIFF_BYTES]:
        raise UnreadableTable(f"{path.name}: it is neither CSV text (UTF-8) nor Parquet")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        # The other encoding that spreadsheets write; every byte is valid in it.
        text = content.decode("cp1252", errors="replace")
    try:
        return parse_csv(text)
    except (ValueError, csv.Error) as error:
        raise UnreadableTable(f"{path.name}: {error}") from error


def _read_parquet(path: Path, content: bytes) -> pd.DataFrame:
    # Imported here because the endpoint uses this module for CSV only and has no pyarrow.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(pa.BufferReader(content)).read()
    except pa.ArrowException as error:
        raise UnreadableTable(f"{path.name}: not a readable Parquet file, {error}") from error
    names = _named([name.strip() for name in table.column_names])
    frame: pd.DataFrame = table.rename_columns([str(n) for n in range(len(names))]).to_pandas(
        ignore_metadata=True
    )
    frame.columns = pd.Index(names, dtype=object)
    # Dictionary-encoded columns are texts like any other.
    encoded = frame.select_dtypes("category").columns
    return frame.astype(dict.fromkeys(encoded, object))


def _delimiter(sample: str) -> str:
    """The delimiter that splits the first lines most evenly, into the most fields."""
    lines = [line for line in sample.splitlines()[:50] if line.strip()]
    if len(lines) > 2:
        lines = lines[:-1]  # the sample may end within a line

    def agreement(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        width, count = Counter(widths).most_common(1)[0] if widths else (1, 0)
        return (count / max(len(widths), 1), width) if width > 1 else (0.0, 1)

    return max(DELIMITERS, key=agreement) if lines else ","


def _named(names: Sequence[str]) -> list[str]:
    """An empty name, such as a spreadsheet's index column has, becomes its position."""
    return [name or f"unnamed_{position}" for position, name in enumerate(names)]


def _repeated(names: Iterable[Any]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _concatenate(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Stack the parts; an empty one must not change the types of the others."""
    filled = [part for part in parts if len(part)] or [parts[0]]
    return pd.concat(filled, ignore_index=True, sort=False)
