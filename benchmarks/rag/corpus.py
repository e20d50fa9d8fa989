"""Texts and vectors to index: words as often as in a language, the same ones every time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.rag.ways import DIMENSION, WORDS_IN_CHUNK

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

VOCABULARY = 60_000
SYLLABLES = ("ba", "do", "ki", "lu", "mer", "nas", "pol", "ret", "sin", "tor", "vel", "zan")


def texts(count: int) -> list[str]:
    """Texts whose words follow Zipf's law."""
    import numpy as np

    random = np.random.default_rng(5)
    words = np.array([_word(number) for number in range(VOCABULARY)])
    shares = 1 / np.arange(2, VOCABULARY + 2) ** 1.05
    drawn = random.choice(VOCABULARY, size=(count, WORDS_IN_CHUNK), p=shares / shares.sum())
    return [" ".join(row) for row in words[drawn]]


def questions(corpus: list[str], count: int) -> list[str]:
    """Six words of a text each, from every part of the corpus."""
    step = max(1, len(corpus) // count)
    return [" ".join(text.split()[10:40:5]) for text in corpus[::step][:count]]


def vectors(count: int, seed: int) -> npt.NDArray[np.float32]:
    """Vectors of length 1, of shape (count, DIMENSION)."""
    import numpy as np

    made: Any = np.random.default_rng(seed).standard_normal((count, DIMENSION), dtype=np.float32)
    found: npt.NDArray[np.float32] = made / np.linalg.norm(made, axis=1, keepdims=True)
    return found


def _word(number: int) -> str:
    parts = []
    rest = number + len(SYLLABLES)
    while rest:
        rest, digit = divmod(rest, len(SYLLABLES))
        parts.append(SYLLABLES[digit])
    return "".join(parts)
