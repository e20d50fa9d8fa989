"""Words as lexical search compares them: folded and stemmed in the main language of the corpus.

Nothing is left out as too common: words such as `for` and `with` can be what a corpus is about, and
rare words outweigh common ones anyway.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable
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
class Analyzer:
    """Takes texts apart. `language` is an ISO 639-1 code; without a stemmer for it none is used."""

    language: str | None = None

    def words(self, text: str) -> list[str]:
        """The stems of a text in order, repetitions included.

        Scripts without spaces between words give overlapping pairs of characters.
        """
        folded = unicodedata.normalize("NFKC", text).casefold()
        stem = _stemmer(ALGORITHMS.get(self.language or ""))
        if folded.isascii() or not IS_UNSPACED.search(folded):
            # Most texts, and faster than word by word.
            words: list[str] = WORD.findall(folded)
            return words if stem is None else list(map(stem, words))
        found: list[str] = []
        for word in WORD.findall(folded):
            if len(word) > 1 and IS_UNSPACED.match(word):
                found.extend(word[index : index + 2] for index in range(len(word) - 1))
            else:
                found.append(word if stem is None else stem(word))
        return found


def _stemmer(algorithm: str | None) -> Callable[[str], str] | None:
    """A stemmer keeps state while it works, so every thread has its own."""
    if algorithm is None:
        return None
    stemmers: dict[str, Callable[[str], str]] = _local.__dict__.setdefault("stemmers", {})
    if algorithm not in stemmers:
        stemmers[algorithm] = lru_cache(_CACHED)(Stemmer.Stemmer(algorithm).stemWord)
    return stemmers[algorithm]
