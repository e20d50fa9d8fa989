"""Reads Markdown and plain text: the text stays as it is written, headings are found in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from source.extracted import Extracted, Heading, first_title, sections_of
from source.text_encoding import UnreadableDocument, clean

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)(?:\n|\Z)", re.DOTALL)
# A line of one repeated sign below (and, in reStructuredText, also above) a title.
_UNDERLINE = re.compile(r"([*=\-~^\"#+.:_`'])\1{2,}")
_LONGEST_TITLE = 120


def read_markdown(text: str) -> Extracted:
    """Markdown with its metadata in YAML at the top, if any. Raises `UnreadableDocument`."""
    text = clean(text)
    metadata: dict[str, Any] = {}
    front = _FRONT_MATTER.match(text)
    if front is not None:
        metadata = _metadata(front[1])
        text = text[front.end() :]
    text = text.strip("\n")
    headings = list(_markdown_headings(text))
    title = metadata.pop("title", None)
    named = str(title) if title else first_title(headings)
    return Extracted(text, sections_of(text, headings), named, metadata)


def _metadata(front: str) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(front)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise UnreadableDocument(f"its front matter is not YAML: {reason}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UnreadableDocument("its front matter is no list of `name: value`")
    return {str(key): value for key, value in found.items()}


def _markdown_headings(text: str) -> Iterator[Heading]:
    """By a Markdown parser, so that a comment in a block of code is no heading."""
    from markdown_it import MarkdownIt

    starts = _line_starts(text)
    tokens = MarkdownIt("commonmark").parse(text)
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            words = "".join(
                part.content if part.type in ("text", "code_inline") else " "
                for part in inline.children or ()
                if part.type in ("text", "code_inline", "softbreak", "hardbreak")
            )
            if words.strip():
                first, last = token.map
                end = min(starts[last], len(text))
                yield Heading(" ".join(words.split()), int(token.tag[1:]), starts[first], end)


def read_text(text: str) -> Extracted:
    """Plain text, where titles are underlined if anything is."""
    text = clean(text).strip("\n")
    headings = list(_underlined(text))
    return Extracted(text, sections_of(text, headings), first_title(headings))


def _underlined(text: str) -> Iterator[Heading]:
    """Signs are levels in the order in which they first appear, as in reStructuredText."""
    lines, starts = text.split("\n"), _line_starts(text)
    levels: dict[str, int] = {}
    for number, (line, below) in enumerate(pairwise(lines)):
        drawn = _UNDERLINE.fullmatch(below)
        title = line.strip()
        if not drawn or not title or len(title) > _LONGEST_TITLE or _UNDERLINE.fullmatch(line):
            continue
        overlined = number > 0 and lines[number - 1] == below
        first = number - 1 if overlined else number
        alone = first == 0 or not lines[first - 1].strip()
        if alone and len(below) >= len(title) and (overlined or not line[0].isspace()):
            sign = below[0] + ("above" if overlined else "")
            level = levels.setdefault(sign, len(levels) + 1)
            yield Heading(title, level, starts[first], min(starts[number + 2], len(text)))


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return starts
