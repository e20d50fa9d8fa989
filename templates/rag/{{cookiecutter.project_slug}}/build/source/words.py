"""Words and sentences of a text, as answers and their checks compare them: without a model.

Words are folded and stemmed; text in scripts that put no space between words counts by pairs of
characters. What is too common in English to say anything is left out by `content_words`.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

# Hiragana, Katakana, CJK ideographs and Thai: no spaces between words.
UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
WORD = re.compile(rf"[{UNSPACED}]+|[^\W_{UNSPACED}]+(?:_+[^\W_{UNSPACED}]+)*|__\w+__")
RUN = re.compile(r"\w+")
IS_UNSPACED = re.compile(rf"[{UNSPACED}]")
# A sentence ends with its mark and space, at a blank line, or where a list item begins.
SENTENCE_END = re.compile(
    r"(?P<mark>(?<!\be\.g)(?<!\bi\.e)[.!?][\"')\]]*)\s+"
    r"|(?P<wide>[\u3002\uff01\uff1f]+)\s*|\n\s*\n|\n(?=\s*(?:[-*\u2022]|\d+[.)])\s)"
)
COMMON_WORDS = """
a about an and any are as at be been but by can could do does for from had has have how i if in into
is it its may me must my no not of on or our shall should so some such than that the their them then
there these they this those to us use used using was we were what when where which who whose why
will with would you your explain tell describe give show mean means say says work works
"""
STOPWORDS = frozenset(COMMON_WORDS.split())
_local = threading.local()


@dataclass(frozen=True)
class Sentence:
    """A sentence and where it stands: `text` is the slice from `start` to `end`."""

    text: str
    start: int
    end: int


def content_words(text: str) -> list[str]:
    """The stems that carry meaning, in order, with repetitions; all stems if none does."""
    folded = units(text)
    telling = [word for word in folded if word not in STOPWORDS]
    return list(map(_stemmer(), telling or folded))


def units(text: str) -> list[str]:
    """The folded words of a text in order, with repetitions.

    Scripts without spaces between words give overlapping pairs of characters.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    spaced = folded.isascii() or not IS_UNSPACED.search(folded)
    # Most texts have words without underscores, and the same are found much faster.
    pattern = RUN if spaced and "_" not in folded else WORD
    words: list[str] = pattern.findall(folded)
    return words if spaced else [part for word in words for part in _parts(word)]


def stem(word: str) -> str:
    """The English stem of a folded word; words of other languages mostly stay as they are."""
    return _stemmer()(word)


def _stemmer() -> Callable[[str], str]:
    # A stemmer keeps state while it works: one for each thread.
    if not hasattr(_local, "stem"):
        _local.stem = lru_cache(50_000)(Stemmer.Stemmer("english").stemWord)
    found: Callable[[str], str] = _local.stem
    return found


def sentences(text: str) -> list[Sentence]:
    """The sentences of a text that are not blank, with offsets into it."""
    found, start = [], 0
    for end in SENTENCE_END.finditer(text):
        mark = end.end("mark") if end["mark"] else end.end("wide") if end["wide"] else end.start()
        found.append((start, mark))
        start = end.end()
    found.append((start, len(text)))
    return [sentence for begin, stop in found if (sentence := _trimmed(text, begin, stop))]


def _trimmed(text: str, start: int, end: int) -> Sentence | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Sentence(text[start:end], start, end) if start < end else None


def _parts(word: str) -> list[str]:
    if not IS_UNSPACED.match(word) or len(word) == 1:
        return [word]
    return [word[index : index + 2] for index in range(len(word) - 1)]
