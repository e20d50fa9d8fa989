"""Words as lexical search compares them: folded and stemmed in the main language of the corpus.

Nothing is left out as too common: words such as `for` and `with` can be what a corpus is about, and
rare words outweigh common ones anyway.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

from source.words import IS_UNSPACED, units

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
        words = units(text)
        algorithm = ALGORITHMS.get(self.language or "")
        return words if algorithm is None else list(map(_remembering(algorithm), words))

    def numbered(self, texts: Iterable[str]) -> Numbered:
        """The same for a whole corpus, which stems each different word once.

        Stems are numbered as they come up: the same texts give the same numbers.
        """
        algorithm = ALGORITHMS.get(self.language or "")
        numbers = _Numbers(str if algorithm is None else _stemmer(algorithm))
        rows = [list(map(numbers.__getitem__, units(text))) for text in texts]
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


def _stemmer(algorithm: str) -> Callable[[str], str]:
    stem = Stemmer.Stemmer(algorithm).stemWord
    # Pairs of characters are no words of the stemmer's language.
    return lambda word: word if len(word) > 1 and IS_UNSPACED.match(word) else stem(word)


def _remembering(algorithm: str) -> Callable[[str], str]:
    """A stemmer keeps state while it works, so every thread has its own."""
    stemmers: dict[str, Callable[[str], str]] = _local.__dict__.setdefault("stemmers", {})
    if algorithm not in stemmers:
        stemmers[algorithm] = lru_cache(_CACHED)(_stemmer(algorithm))
    return stemmers[algorithm]
