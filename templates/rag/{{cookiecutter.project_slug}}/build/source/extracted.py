"""What a reader takes out of a file: its text, and where which heading stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from source.documents import Section
from source.text_encoding import clean


@dataclass(frozen=True)
class Heading:
    """A heading from `start` to `end` of the text; level 1 is the highest.

    `end` is `start` for a heading that is not part of the text, such as the number of a page.
    """

    text: str
    level: int
    start: int
    end: int


@dataclass(frozen=True)
class Extracted:
    """The content of one document. `notes` say what a person may want to know about the reading."""

    text: str
    sections: tuple[Section, ...]
    title: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def sections_of(text: str, headings: Iterable[Heading]) -> tuple[Section, ...]:
    """Sections that cover the whole text, for headings in the order of the text."""
    found = list(headings)
    if not text:
        return ()
    starts = [heading.start for heading in found] + [len(text)]
    sections = [
        Section(heading.text, heading.level, heading.start, min(heading.end, end), end)
        for heading, end in zip(found, starts[1:], strict=True)
        if end > heading.start
    ]
    if starts[0] > 0:
        sections.insert(0, Section("", 0, 0, 0, starts[0]))
    return tuple(sections)


class TextBuilder:
    """Puts blocks together to a text, an empty line between two, and remembers the headings."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._length = 0
        self._headings: list[Heading] = []

    def heading(self, text: str, level: int) -> None:
        """Begin a section."""
        text = " ".join(clean(text).split())
        if text:
            start = self._length + (2 if self._blocks else 0)
            self._headings.append(Heading(text, level, start, start + len(text)))
            self.block(text)

    def block(self, text: str) -> None:
        """Add a paragraph, a list, a table or code; nothing when it is empty."""
        text = clean(text).strip("\n")
        if text.strip():
            self._length += len(text) + (2 if self._blocks else 0)
            self._blocks.append(text)

    def mark(self, text: str, level: int) -> None:
        """Begin a section whose heading is not part of the text, such as a page."""
        start = self._length + (2 if self._blocks else 0)
        self._headings.append(Heading(text, level, start, start))

    def extracted(self, title: str | None = None, **metadata: Any) -> Extracted:
        """Everything that was added. The title is the first of the highest headings by default."""
        text = "\n\n".join(self._blocks)
        marks = [heading for heading in self._headings if heading.start < len(text)]
        return Extracted(text, sections_of(text, marks), title or first_title(marks), metadata)


def first_title(headings: Iterable[Heading]) -> str | None:
    """The first heading, when none stands higher."""
    found = list(headings)
    if not found or found[0].level > min(heading.level for heading in found):
        return None
    return found[0].text
