"""The plain way: bm25s, PyStemmer and Faiss as their own documentation uses them, ranks fused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bm25s
import faiss
import Stemmer

from benchmarks.rag.ways import CANDIDATES, DIMENSION, TOP_K

SMOOTHING = 60
WORDS, VECTORS = "bm25", "vectors.faiss"


class PlainIndex:
    """An index of texts and vectors; what it finds are the numbers of texts, with the texts."""

    def __init__(self, texts: Sequence[str], lexical: Any, dense: Any) -> None:
        self._texts = texts
        self._lexical = lexical
        self._dense = dense
        self._stemmer = Stemmer.Stemmer("english")

    @classmethod
    def build(cls, texts: list[str], vectors: Any) -> PlainIndex:
        """Index texts and their vectors."""
        lexical = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        lexical.index(_tokens(texts, Stemmer.Stemmer("english")), show_progress=False)
        dense = faiss.IndexFlatIP(DIMENSION)
        dense.add(vectors)
        return cls(texts, lexical, dense)

    def save(self, folder: Path) -> None:
        """Write both indexes, and the texts."""
        self._lexical.save(folder / WORDS, corpus=self._texts, show_progress=False)
        faiss.write_index(self._dense, str(folder / VECTORS))

    @classmethod
    def open(cls, folder: Path) -> PlainIndex:
        """Read what was saved."""
        lexical = bm25s.BM25.load(folder / WORDS, load_corpus=True)
        texts = [entry["text"] for entry in lexical.corpus]
        # Else every candidate's text would be fetched, and not only those that are shown.
        lexical.corpus = None
        return cls(texts, lexical, faiss.read_index(str(folder / VECTORS)))

    def ask(self, question: str, vector: Any) -> list[tuple[int, str]]:
        """The best texts for a question and its vector, of shape (1, DIMENSION)."""
        tokens = _tokens([question], self._stemmer)
        by_words, _ = self._lexical.retrieve(tokens, k=CANDIDATES, show_progress=False)
        _, by_vectors = self._dense.search(vector, CANDIDATES)
        scores: dict[int, float] = {}
        for ranking in (by_words[0].tolist(), by_vectors[0].tolist()):
            for rank, row in enumerate(ranking, 1):
                scores[row] = scores.get(row, 0.0) + 1 / (SMOOTHING + rank)
        best = sorted(scores, key=lambda row: (-scores[row], row))[:TOP_K]
        return [(row, self._texts[row]) for row in best]


def rows(found: Sequence[tuple[int, str]]) -> list[int]:
    """The numbers of the texts that were found."""
    return [row for row, _ in found]


def _tokens(texts: list[str], stemmer: Any) -> Any:
    return bm25s.tokenize(
        texts, stopwords=None, stemmer=stemmer, show_progress=False, token_pattern=r"\b\w+\b"
    )
