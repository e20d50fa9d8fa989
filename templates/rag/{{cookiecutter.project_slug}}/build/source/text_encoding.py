"""Bytes become text: the encoding is told by a mark, by being valid UTF-8, or by statistics."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from source.errors import UserError

BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# Everything below the space but tab and line feed, and the marks that change reading direction.
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)


class UnreadableDocument(UserError):
    """A file or row that is no usable document; the text is the reason."""


@dataclass(frozen=True)
class Decoded:
    """Text and the encoding it was written in, by Python's name for it."""

    text: str
    encoding: str


def decode(content: bytes, declared: str | None = None) -> Decoded:
    """Decode text. `declared` is what the file says of itself, which is believed after UTF-8.

    Raises `UnreadableDocument` for what is no text.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            try:
                return Decoded(content.decode(encoding).removeprefix("\ufeff"), encoding)
            except UnicodeDecodeError as error:
                raise UnreadableDocument(f"it begins as {encoding}, but {error.reason}") from error
    found = None
    for name in filter(None, ("utf-8", declared)):
        try:
            found = Decoded(content.decode(name), name)
        except (UnicodeDecodeError, LookupError):
            continue
        break
    found = found or _guessed(content)
    if "\0" in found.text:
        raise UnreadableDocument("it is not text (it has zero bytes)")
    return found


def _guessed(content: bytes) -> Decoded:
    if b"\0" in content:
        raise UnreadableDocument("it is not text (it has zero bytes)")
    from charset_normalizer import from_bytes

    best = from_bytes(content).best()
    if best is None:
        raise UnreadableDocument("it is text in no known encoding; save it as UTF-8")
    return Decoded(str(best), best.encoding)


def clean(text: str) -> str:
    """Composed characters (NFC), line feeds, nothing invisible, no spaces at the ends of lines."""
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))
    text = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate cannot be written
    return _TRAILING.sub("", unicodedata.normalize("NFC", text))
