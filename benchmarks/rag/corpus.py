"""Texts and vectors to index: words as often as in a language, the same ones every time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.rag.ways import DIMENSION, WORDS_IN_CHUNK

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

VOCABULARY = 60_000
# Some with letters that are not ASCII, as in the texts of most languages.
SYLLABLES = ("ba", "do", "ki", "lu", "mer", "nas", "pol", "ret", "sin", "tör", "vel", "zan")
TEXTS, VECTORS = "texts.txt", "vectors.npy"
QUESTIONS, QUESTION_VECTORS = "questions.txt", "question_vectors.npy"


def write(folder: Path, chunks: int, count: int) -> None:
    """Write texts and questions, one a line, and their vectors."""
    import numpy as np

    corpus = texts(chunks)
    for name, lines in ((TEXTS, corpus), (QUESTIONS, questions(corpus, count))):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    np.save(folder / VECTORS, vectors(chunks, 1))
    np.save(folder / QUESTION_VECTORS, vectors(count, 2))


def read(folder: Path) -> tuple[list[str], npt.NDArray[np.float32]]:
    """The texts and their vectors."""
    return _read(folder / TEXTS, folder / VECTORS)


def read_questions(folder: Path) -> tuple[list[str], npt.NDArray[np.float32]]:
    """The questions and their vectors."""
    return _read(folder / QUESTIONS, folder / QUESTION_VECTORS)


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


def _read(lines: Path, rows: Path) -> tuple[list[str], npt.NDArray[np.float32]]:
    import numpy as np

    found: npt.NDArray[np.float32] = np.load(rows)
    with lines.open(encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file], found


def _word(number: int) -> str:
    parts = []
    rest = number + len(SYLLABLES)
    while rest:
        rest, digit = divmod(rest, len(SYLLABLES))
        parts.append(SYLLABLES[digit])
    return "".join(parts)
