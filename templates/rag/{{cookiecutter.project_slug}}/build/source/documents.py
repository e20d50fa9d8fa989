"""A document: its text with the sections it is divided into, and what is known about it.

Documents travel from Ingest to Embed and Index as JSON Lines, dealt to files by a hash of their id:
machines can share them, and a changed document changes one file only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from source.errors import UserError

MAX_SHARDS = 16
DOCUMENTS_PER_SHARD = 64
# What `Document.metadata` may hold: what every vector store can filter by.
Value = str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A stretch of text that begins with its heading; level 0 has none (what precedes the first).

    What stands below the heading begins at `body`. The sections of a document follow each other
    without a gap; deeper ones are not nested.
    """

    heading: str
    level: int
    start: int
    body: int
    end: int


@dataclass(frozen=True)
class Document:
    """A readable document. `labels` name who may see it; without any, everybody may.

    `id` is the path of its file below the corpus, or the id of its row. Offsets, here and in
    chunks, count the characters of `text`.
    """

    id: str
    title: str
    text: str
    sections: tuple[Section, ...]
    metadata: Mapping[str, Value] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    language: str | None = None
    format: str = "text"

    @cached_property
    def sha256(self) -> str:
        """A hash of everything that retrieval depends on."""
        content = json.dumps({**asdict(self), "id": None}, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """As documents are written."""
        return {**asdict(self), "sha256": self.sha256}


def document_from(fields: Mapping[str, Any]) -> Document:
    """The document that `Document.as_dict` described."""
    metadata = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in fields["metadata"].items()
    }
    return Document(
        id=fields["id"],
        title=fields["title"],
        text=fields["text"],
        sections=tuple(Section(**section) for section in fields["sections"]),
        metadata=metadata,
        labels=tuple(fields["labels"]),
        language=fields["language"],
        format=fields["format"],
    )


def headings_above(sections: Sequence[Section]) -> list[tuple[str, ...]]:
    """For every section its own heading, after those that it stands under."""
    found: list[tuple[str, ...]] = []
    path: list[Section] = []
    for section in sections:
        if section.level:
            path = [above for above in path if above.level < section.level] + [section]
        found.append(tuple(above.heading for above in path))
    return found


def shard_count(documents: int) -> int:
    """A power of two, so that a growing corpus seldom deals all of its documents anew."""
    count = 1
    while count < MAX_SHARDS and count * DOCUMENTS_PER_SHARD < documents:
        count *= 2
    return count


def shard_of(identifier: str, shards: int) -> int:
    """The file that a document is in; the same on every machine."""
    return int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:8], "big") % shards


def write_documents(documents: Sequence[Document], folder: Path) -> None:
    """Write `part-NNN.jsonl` files below `folder`."""
    shards = shard_count(len(documents))
    dealt: list[list[Document]] = [[] for _ in range(shards)]
    for document in sorted(documents, key=lambda document: document.id):
        dealt[shard_of(document.id, shards)].append(document)
    for number, part in enumerate(dealt):
        write_lines((document.as_dict() for document in part), folder / f"part-{number:03d}.jsonl")


def read_documents(folder: Path) -> Iterator[Document]:
    """The documents of every file below `folder`, or of one file. Raises `UserError`."""
    for path in parts(folder):
        for number, fields in enumerate(read_lines(path), start=1):
            try:
                yield document_from(fields)
            except (KeyError, TypeError, AttributeError) as error:
                raise UserError(f"{path} line {number}: no document ({error!r})") from error


def parts(folder: Path, suffix: str = ".jsonl") -> list[Path]:
    """The files of a step's output, in the order of their names; one file is itself."""
    return [folder] if folder.is_file() else sorted(folder.rglob(f"*{suffix}"))


def write_lines(rows: Iterable[Mapping[str, Any]], path: Path) -> Path:
    """Write JSON Lines, always the same bytes for the same rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in map(_line, rows))
    return path


# One encoder for all lines: `json.dumps` would make one for each.
_line = json.JSONEncoder(ensure_ascii=False).encode


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON Lines file. Raises `UserError` naming the line that is none."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                fields = json.loads(line)
            except ValueError as error:
                raise UserError(f"{path} line {number}: not JSON, {error}") from error
            if not isinstance(fields, dict):
                raise UserError(f"{path} line {number}: not a JSON object")
            yield fields
