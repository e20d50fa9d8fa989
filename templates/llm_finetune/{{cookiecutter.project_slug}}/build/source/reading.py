"""Reads rows of any columns from JSON Lines and Parquet: one file, or every file of a folder.

Formats are told by content, because query engines write files without a suffix. A line that is no
JSON object is a bad row with its reason, not the end: how many may be bad is decided later.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from source.errors import UserError

# What tools leave beside data: markers, hidden files, Athena's description of a result.
IGNORED_SUFFIXES = (".metadata", ".md", ".txt")
BYTE_ORDER_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


class UnreadableData(UserError):
    """The input is no set of rows at all; the text names the file and what is wrong with it."""


@dataclass(frozen=True)
class RawRow:
    """A row as it was written. `number` counts from 1: the line of JSON Lines, or the record."""

    file: str
    number: int
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be used, where it stands, and why."""

    file: str
    number: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file} row {self.number}: {self.reason}"


@dataclass(frozen=True)
class RawRows:
    """The rows of all files, in the order of the files' names."""

    rows: tuple[RawRow, ...]
    bad: tuple[BadRow, ...]
    files: tuple[str, ...]


def read_files(path: Path) -> RawRows:
    """Read `path`, a file or a folder. Raises `UnreadableData` when there is nothing to read."""
    files = data_files(path)
    root = path if path.is_dir() else path.parent
    rows: list[RawRow] = []
    bad: list[BadRow] = []
    names = tuple(file.relative_to(root).as_posix() for file in files)
    for file, name in zip(files, names, strict=True):
        for row in _read_file(file, name):
            rows.append(row) if isinstance(row, RawRow) else bad.append(row)
    return RawRows(tuple(rows), tuple(bad), names)


def data_files(path: Path) -> list[Path]:
    """The files with rows, sorted: markers, hidden, empty and descriptive files left out."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UnreadableData(f"{path}: there is no such file or directory")
    found = sorted(file for file in path.rglob("*") if file.is_file())
    files = [
        file
        for file in found
        if not file.name.startswith(("_", "."))
        and file.suffix.lower() not in IGNORED_SUFFIXES
        and file.stat().st_size > 0
    ]
    if not files:
        seen = f"; it holds {', '.join(f.name for f in found[:5])}" if found else ""
        raise UnreadableData(f"{path}: there is no .jsonl or .parquet file with content{seen}")
    return files


def _read_file(path: Path, name: str) -> Iterator[RawRow | BadRow]:
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError) as error:
            raise UnreadableData(f"{name}: not a readable gzip file, {error}") from error
    if content[:4] == b"PAR1":
        return _parquet_rows(content, name)
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            raise UnreadableData(f"{name}: it is encoded as {encoding}; save it as UTF-8")
    if b"\0" in content[:65536]:
        raise UnreadableData(f"{name}: it is neither JSON Lines (UTF-8 text) nor Parquet")
    content = content.removeprefix(b"\xef\xbb\xbf")
    if content.lstrip()[:1] == b"[":
        raise UnreadableData(f"{name}: it is one JSON array; write JSON Lines, one object a line")
    return _json_rows(content, name)


def _json_rows(content: bytes, name: str) -> Iterator[RawRow | BadRow]:
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line.decode("utf-8"), parse_constant=_no_number)
        except UnicodeDecodeError as error:
            byte = line[error.start]
            reason = f"not UTF-8: byte 0x{byte:02x} at position {error.start}; save it as UTF-8"
            yield BadRow(name, number, reason)
        except (ValueError, RecursionError) as error:
            yield BadRow(name, number, f"not JSON: {error}")
        else:
            if isinstance(fields, dict):
                yield RawRow(name, number, fields)
            else:
                kind = type(fields).__name__
                yield BadRow(name, number, f"a JSON {kind}, where an object with fields is needed")


def _parquet_rows(content: bytes, name: str) -> Iterator[RawRow | BadRow]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(pa.BufferReader(content)).read()
    except (pa.ArrowException, OSError) as error:
        raise UnreadableData(f"{name}: not a readable Parquet file, {error}") from error
    number = 0
    for batch in table.to_batches(max_chunksize=4096):
        for fields in batch.to_pylist():
            number += 1
            yield RawRow(name, number, fields)


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON value")
