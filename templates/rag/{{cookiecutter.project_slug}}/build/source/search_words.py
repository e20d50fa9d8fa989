"""Words as lexical search compares them: folded and stemmed in the main language of the corpus.

Nothing is left out as too common: words such as `for` and `with` can be what a corpus is about, and
rare words outweigh common ones anyway.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

from source.words import IS_UNSPACED, WORD

ALGORITHMS = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
_CACHED = 100_000
_local = threading.local()


@dataclass(frozen=True)
class Numbered:
    """Texts as the numbers of their stems, in order; `vocabulary` has every stem's number."""

    texts: list[list[int]]
    vocabulary: dict[str, int]


@dataclass(frozen=True)
class Analyzer:
    """Takes texts apart. `language` is an ISO 639-1 code; without a stemmer for it none is used."""

    language: str | None = None

    def words(self, text: str) -> list[str]:
        """The stems of a text in order, repetitions included.

        Scripts without spaces between words give overlapping pairs of characters.
        """
        stem = _stemmer(ALGORITHMS.get(self.language or ""))
        words = _words(text)
        return words if stem is None else list(map(stem, words))

    def numbered(self, texts: Iterable[str]) -> Numbered:
        """The same for a whole corpus, which stems each different word once.

        Stems are numbered as they come up: the same texts give the same numbers.
        """
        numbers = _Numbers(_stemmer(ALGORITHMS.get(self.language or "")) or str)
        rows = [list(map(numbers.__getitem__, _words(text))) for text in texts]
        return Numbered(rows, numbers.stems)


class _Numbers(dict[str, int]):
    """For every word the number of its stem, found out when the word is first asked for."""

    def __init__(self, stem: Callable[[str], str]) -> None:
        super().__init__()
        self.stems: dict[str, int] = {}
        self._stem = stem

    def __missing__(self, word: str) -> int:
        number = self[word] = self.stems.setdefault(self._stem(word), len(self.stems))
        return number


def _words(text: str) -> list[str]:
    """Folded words, and for scripts without spaces pairs of characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words: list[str] = WORD.findall(folded)
    if folded.isascii() or not IS_UNSPACED.search(folded):
        return words
    return [part for word in words for part in _parts(word)]


def _parts(word: str) -> Iterable[str]:
    if len(word) > 1 and IS_UNSPACED.match(word):
        return (word[index : index + 2] for index in range(len(word) - 1))
    return (word,)


def _stemmer(algorithm: str | None) -> Callable[[str], str] | None:
    """A stemmer keeps state while it works, so every thread has its own."""
    if algorithm is None:
        return None
    stemmers: dict[str, Callable[[str], str]] = _local.__dict__.setdefault("stemmers", {})
    if algorithm not in stemmers:
        stem = Stemmer.Stemmer(algorithm).stemWord
        # Pairs of characters are no words of the stemmer's language.
        stemmers[algorithm] = lru_cache(_CACHED)(
            lambda word: word if len(word) > 1 and IS_UNSPACED.match(word) else stem(word)
        )
    return stemmers[algorithm]
