"""A chunk: the stretch of a document that is searched, and cited, as one passage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from source.documents import parts, read_lines
from source.errors import UserError


@dataclass(frozen=True, slots=True)
class Chunk:
    """`text` is the document's text from `start` to `end`; `headings` are those it stands under.

    `found_by_headings` says whether these are searched, too. `sha256` names the searched text and
    the encoder: chunks with the same have the same vector.
    """

    id: str
    document: str
    title: str
    headings: tuple[str, ...]
    start: int
    end: int
    text: str
    labels: tuple[str, ...]
    sha256: str
    found_by_headings: bool = False

    @property
    def searched(self) -> str:
        """What is searched: the passage, below its title and headings if these are, too."""
        if not self.found_by_headings:
            return self.text
        return searched_text(self.title, self.headings, self.text)

    def as_dict(self) -> dict[str, Any]:
        """As chunks are written."""
        return {name: getattr(self, name) for name in FIELDS}


FIELDS = tuple(field.name for field in fields(Chunk))


def searched_text(title: str, headings: tuple[str, ...], text: str) -> str:
    """A passage with what it stands under, each name once."""
    above = dict.fromkeys(name for name in (title, *headings) if name)
    return "\n".join([*above, text])


def read_chunks(folder: Path) -> Iterator[Chunk]:
    """The chunks of every file below `folder`, or of one file. Raises `UserError`."""
    for path in parts(folder):
        for number, described in enumerate(read_lines(path), start=1):
            yield chunk_from(described, f"{path} line {number}")


def chunk_from(described: Mapping[str, Any], place: str) -> Chunk:
    """The chunk that `Chunk.as_dict` described. Raises `UserError` naming the place."""
    try:
        lists = {name: tuple(described[name]) for name in ("headings", "labels")}
        return Chunk(**{**described, **lists})
    except (KeyError, TypeError) as error:
        raise UserError(f"{place}: no chunk ({error!r})") from error
