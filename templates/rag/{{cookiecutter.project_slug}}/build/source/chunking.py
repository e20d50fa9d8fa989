"""Cuts documents into passages: never longer than the encoder reads, along the text's structure.

A passage ends where a section ends, else between paragraphs, else between sentences, else between
words. Its heading is not part of its text: it is kept beside it.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from source.chunks import Chunk, searched_text
from source.documents import Document, headings_above
from source.encoders import Encoder, EncoderUnusable, Span
from source.errors import UserError
from source.index_settings import ChunkSettings

# A limit of thousands of tokens is no reason for passages that long: an answer cites one.
DEFAULT_TOKENS = 256
# What a section is cut at, the best place first.
_BREAKS = (
    re.compile(r"\n\s*\n\s*"),
    re.compile(r"(?<=[.!?;:…])[\"')\]]*\s+|[\u3002\uff01\uff1f]+\s*|\n"),
    re.compile(r"\s+"),
)
# Characters whose tokens are found at a time.
SLICE = 1 << 20
# Title and headings may take this share of the tokens; longer ones are searched only in part.
_HEADING_SHARE = 0.25


@dataclass(frozen=True)
class Limits:
    """Tokens of a passage with its headings, and those that the next passage repeats."""

    tokens: int
    overlap: int


def limits(settings: ChunkSettings, encoder: Encoder) -> Limits:
    """Raises `UserError` when passages would be longer than the encoder reads."""
    asked = settings.max_tokens
    if asked is not None and asked > encoder.max_tokens:
        raise UserError(
            f"chunk.max_tokens is {asked}, and the encoder reads {encoder.max_tokens} tokens: what "
            f"comes after would not be found. Set it to {encoder.max_tokens} or less, or to null"
        )
    return Limits(asked or min(DEFAULT_TOKENS, encoder.max_tokens), settings.overlap_tokens)


def chunk_document(
    document: Document, settings: ChunkSettings, encoder: Encoder
) -> Iterator[Chunk]:
    """The passages of a document in their order."""
    bounds = limits(settings, encoder)
    cutter = _Cutter(document.text, encoder.token_spans)
    for headings, start, end in _stretches(document, settings.respect_headings):
        title, room = document.title, bounds.tokens
        if settings.search_headings:
            title, headings = _shortened(title, headings, bounds, encoder)
            room -= len(encoder.token_spans(searched_text(title, headings, "")))
        for begin, stop in cutter.cut(start, end, room, min(bounds.overlap, room // 2)):
            chunk = Chunk(
                id=f"{document.id}:{begin}-{stop}",
                document=document.id,
                title=title,
                headings=headings,
                start=begin,
                end=stop,
                text=document.text[begin:stop],
                labels=document.labels,
                sha256="",
                found_by_headings=settings.search_headings,
            )
            content = f"{encoder.fingerprint}\n{chunk.searched}".encode("utf-8", "surrogatepass")
            yield replace(chunk, sha256=hashlib.sha256(content).hexdigest())


def _stretches(
    document: Document, respect_headings: bool
) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """What may be cut as one: every section below its heading, or the whole text."""
    if not respect_headings or not document.sections:
        yield (), 0, len(document.text)
        return
    sections = document.sections
    for section, headings in zip(sections, headings_above(sections), strict=True):
        yield headings, section.body, section.end


def _shortened(
    title: str, headings: tuple[str, ...], bounds: Limits, encoder: Encoder
) -> tuple[str, tuple[str, ...]]:
    """Title and headings; those in the middle go first when they leave no room for the text."""
    budget = int(bounds.tokens * _HEADING_SHARE)

    def tokens() -> int:
        return len(encoder.token_spans(searched_text(title, headings, "")))

    while headings and tokens() > budget:
        headings = headings[1:]
    if tokens() > budget:
        spans = encoder.token_spans(title)[: max(budget - 1, 1)]
        title = title[: spans[-1][1]] if spans else ""
    return title, headings


def _slices(text: str) -> Iterator[Span]:
    """Stretches of at most `SLICE` characters that end between words where there are any."""
    begin = 0
    while begin < len(text):
        end = min(begin + SLICE, len(text))
        if end < len(text):
            found = max(text.rfind(space, begin + SLICE // 2, end) for space in "\n ")
            end = found + 1 if found >= 0 else end
        yield begin, end
        begin = end


class _Cutter:
    """Cuts stretches of one text, whose tokens are found once."""

    def __init__(self, text: str, token_spans: Callable[[str], list[Span]]) -> None:
        self._text = text
        # Numbers only, slice by slice: the places of a book's tokens would take gigabytes.
        self._starts = array("q")
        for begin, end in _slices(text):
            self._starts.extend(begin + start for start, _ in token_spans(text[begin:end]))

    def cut(self, start: int, end: int, room: int, overlap: int) -> Iterator[Span]:
        """Spans without white space at their ends, each of at most `room` tokens."""
        if room < 1:
            raise EncoderUnusable("chunk.max_tokens: too few for a title and a word; raise it")
        begin, stop = self._trimmed(start, end)
        while begin < stop:
            if self._tokens(begin, stop) <= room:
                yield begin, stop
                return
            break_at = self._break(begin, stop, room)
            last = self._trimmed(begin, break_at)[1]
            yield begin, last
            begin = self._trimmed(self._resume(begin, break_at, overlap), stop)[0]

    def _break(self, begin: int, stop: int, room: int) -> int:
        """The last good place that leaves at most `room` tokens and at least half of that."""
        first = bisect_left(self._starts, begin)
        # Some tokenizers give several tokens the same place, such as the bytes of an emoji.
        furthest = max(self._starts[first + room], begin + 1)
        least = self._starts[first + room // 2] if room > 1 else begin + 1
        for pattern in _BREAKS:
            places = [
                match.end()
                for match in pattern.finditer(self._text, begin, min(furthest + 1, stop))
                if least <= match.end() <= furthest
            ]
            if places:
                return places[-1]
        return furthest

    def _resume(self, begin: int, break_at: int, overlap: int) -> int:
        """Where the next passage begins: up to `overlap` tokens before the break."""
        if not overlap:
            return break_at
        index = bisect_left(self._starts, break_at)
        earliest = max(self._starts[max(index - overlap, 0)], begin + 1)
        for pattern in _BREAKS:
            places = [
                match.end()
                for match in pattern.finditer(self._text, earliest - 1, break_at)
                if earliest <= match.end() < break_at
            ]
            if places:
                return places[0]
        return break_at

    def _tokens(self, begin: int, stop: int) -> int:
        return bisect_left(self._starts, stop) - bisect_left(self._starts, begin)

    def _trimmed(self, begin: int, stop: int) -> Span:
        while begin < stop and self._text[begin].isspace():
            begin += 1
        while stop > begin and self._text[stop - 1].isspace():
            stop -= 1
        return begin, stop
