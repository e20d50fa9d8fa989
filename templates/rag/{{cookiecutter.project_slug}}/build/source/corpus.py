"""Reads a folder of files of any known format into documents; what is none is named with why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from source.document_labels import SIDECAR, labels_of, plain_metadata, sidecar_metadata
from source.documents import Document
from source.errors import UserError
from source.extracted import Extracted
from source.ingest_settings import DataSettings
from source.languages import language_of
from source.reading_html import read_html
from source.reading_markdown import read_markdown, read_text
from source.reading_office import read_docx, read_pdf
from source.reading_tables import Row, read_csv, read_parquet
from source.text_encoding import UnreadableDocument, decode

MAX_FILE_BYTES = 256 * 2**20
SUFFIXES = {
    ".txt": "text",
    ".text": "text",
    ".rst": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}
_FILES: dict[str, Callable[[bytes], Extracted]] = {
    "text": lambda content: read_text(decode(content).text),
    "markdown": lambda content: read_markdown(decode(content).text),
    "html": read_html,
    "pdf": read_pdf,
    "docx": read_docx,
}
_TABLES = {"csv": read_csv, "parquet": read_parquet}


@dataclass(frozen=True)
class Broken:
    """A file or row that is no usable document, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True)
class Corpus:
    """What a folder holds. `skipped` are files of formats that are not read, with their reason."""

    documents: tuple[Document, ...]
    broken: tuple[Broken, ...]
    skipped: tuple[Broken, ...] = ()
    files: int = 0


def read_corpus(folder: Path, settings: DataSettings) -> Corpus:
    """Read every file below `folder`. Raises `UserError` when there is none."""
    paths = _files(folder)
    root = folder if folder.is_dir() else folder.parent
    documents: dict[str, Document] = {}
    broken: list[Broken] = []
    skipped: list[Broken] = []
    for path in paths:
        name = path.relative_to(root).as_posix()
        kind = _format(path)
        if kind is None or kind not in settings.formats:
            why = f"{kind} is not in data.formats" if kind else "no format that is read"
            skipped.append(Broken(name, why))
            continue
        for found in _read(path, name, kind, settings):
            if isinstance(found, Broken):
                broken.append(found)
            elif found.id in documents:
                broken.append(Broken(name, f"another document has its id {found.id!r}, too"))
            else:
                documents[found.id] = found
    return Corpus(tuple(documents.values()), tuple(broken), tuple(skipped), len(paths))


def _files(folder: Path) -> list[Path]:
    """Every file that people put there: not hidden, no marker, not what describes another."""
    if folder.is_file():
        return [folder]
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    files = [
        path
        for path in found
        if not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
        and not path.name.endswith((SIDECAR, ".csv.metadata"))
    ]
    if not files:
        what = "holds no file but hidden ones" if folder.is_dir() else "is not there"
        raise UserError(
            f"the folder of data.source {what} ({folder}): put documents there, or change the "
            "address"
        )
    return files


def _format(path: Path) -> str | None:
    """By the suffix; of files without one, which query engines write, by how they begin."""
    if path.suffix:
        return SUFFIXES.get(path.suffix.lower())
    with path.open("rb") as file:
        start = file.read(1024)
    if start.startswith(b"PAR1"):
        return "parquet"
    if b"%PDF-" in start:
        return "pdf"
    if start.startswith(b"PK\x03\x04"):
        return "docx"
    if start.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    return None if b"\0" in start else "text"


def _read(path: Path, name: str, kind: str, settings: DataSettings) -> Iterator[Document | Broken]:
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        yield Broken(name, f"{size:,} bytes, more than {MAX_FILE_BYTES:,}; split it")
        return
    try:
        content = path.read_bytes()
        beside = sidecar_metadata(path)
        if kind in _TABLES:
            rows = list(_TABLES[kind](content, settings, name))
        else:
            rows = [Row(name, _FILES[kind](content))]
    except UnreadableDocument as reason:
        yield Broken(name, str(reason))
        return
    except MemoryError:
        raise
    except Exception as failure:
        # Files come from anywhere, and their parsers raise whatever the damage leads to: that is
        # a broken file with its name and reason, which the bound on broken files counts.
        yield Broken(name, f"it cannot be read as {kind}: {type(failure).__name__}: {failure}")
        return
    for row in rows:
        yield _document(row, name, kind, beside, settings)


def _document(
    row: Row, name: str, kind: str, beside: Mapping[str, Any], settings: DataSettings
) -> Document | Broken:
    content = row.content
    if content is None:
        return Broken(row.id, row.reason)
    if not content.text.strip():
        return Broken(row.id, "it has no text")
    metadata = {**content.metadata, **beside}
    try:
        labels = labels_of(name, metadata, settings)
    except UnreadableDocument as reason:
        return Broken(row.id, str(reason))
    metadata.pop(str(settings.label_attribute), None)
    plain = plain_metadata(metadata)
    title = plain.pop("title", None) or content.title
    return Document(
        id=row.id,
        title=str(title or (PurePosixPath(name).stem if row.id == name else row.id)),
        text=content.text,
        sections=content.sections,
        metadata=plain,
        labels=labels,
        language=language_of(content.text),
        format=kind,
    )
