"""The template's way: its chunks, entries, indexes and retriever, and its package on the disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from source import package
from source.bm25 import LexicalIndex
from source.chunks import Chunk
from source.documents import write_lines
from source.encoder_fitted import FittedEncoder
from source.index_settings import RetrievalSettings
from source.integrity import write_integrity
from source.retrieval import Retriever
from source.scope import Entries
from source.search_words import Analyzer
from source.store_faiss import FaissStore

from benchmarks.rag.ways import CANDIDATES, DIMENSION, TOP_K

CHUNKS_IN_DOCUMENT = 10
SETTINGS = {
    "index": {},
    "retrieval": {
        "top_k": TOP_K,
        "candidates": CANDIDATES,
        "weights": {"bm25": 1.0, "dense": 1.0},
    },
}


class TemplateIndex:
    """An index of texts and vectors; what it finds are passages."""

    def __init__(self, retriever: Retriever, metadata: Mapping[str, Any]) -> None:
        self._retriever = retriever
        self._metadata = metadata

    @classmethod
    def build(cls, texts: list[str], vectors: Any) -> TemplateIndex:
        """What Index does with the chunks and vectors that it was given."""
        chunks = tuple(_chunk(row, text) for row, text in enumerate(texts))
        metadata = {chunk.document: {"kind": "text"} for chunk in chunks}
        entries = package.entries_of(chunks, metadata)
        lexical = LexicalIndex.build(
            (chunk.searched for chunk in chunks), Analyzer("en"), Entries(entries)
        )
        store = FaissStore(DIMENSION)
        store.add(entries, vectors)
        settings = RetrievalSettings(top_k=TOP_K, candidates=CANDIDATES)
        retriever = package.retriever_of(chunks, lexical, store, _encoder(), settings)
        return cls(retriever, metadata)

    def save(self, folder: Path) -> None:
        """The files of a package that an index is in, and their hashes."""
        inside = folder / package.INDEX
        write_lines((chunk.as_dict() for chunk in self._retriever.chunks), inside / package.CHUNKS)
        described = ({"id": name, "metadata": held} for name, held in self._metadata.items())
        write_lines(described, inside / package.DOCUMENTS)
        self._retriever.lexical.save(inside / package.LEXICAL)
        self._retriever.store.save(inside / package.STORE)
        self._retriever.encoder.save(folder / package.ENCODER)
        package.write_json(folder / package.CONFIG, SETTINGS)
        package.write_json(folder / package.METADATA, {"version": "benchmark"})
        package.write_json(folder / package.MANIFEST, {})
        write_integrity(folder)

    @classmethod
    def open(cls, folder: Path) -> TemplateIndex:
        """A package as an endpoint opens it, its hashes checked."""
        return cls(package.load_package(folder).retriever, {})

    def knowing(self, vectors: Mapping[str, Any]) -> TemplateIndex:
        """The same with the vectors of questions, which no encoder has to compute."""
        retriever = replace(self._retriever, question_vector=vectors.__getitem__)
        return TemplateIndex(retriever, self._metadata)

    def ask(self, question: str) -> list[Any]:
        """The best passages for a question."""
        found: list[Any] = self._retriever.search(question, top_k=TOP_K)
        return found


def rows(found: Sequence[Any]) -> list[int]:
    """The numbers of the texts that were found."""
    return [int(passage.chunk.partition(":")[2]) for passage in found]


def _chunk(row: int, text: str) -> Chunk:
    number = row // CHUNKS_IN_DOCUMENT
    # Numbers of the same width: equal scores are in the order of rows, as in the plain way.
    return Chunk(
        id=f"{number:07d}.txt:{row:08d}",
        document=f"{number:07d}.txt",
        title=f"Document {number}",
        headings=(),
        start=0,
        end=len(text),
        text=text,
        labels=(),
        sha256=f"{row:064x}",
    )


def _encoder() -> FittedEncoder:
    """An encoder of one word, in the place of one that takes a model's time."""
    directions = np.eye(1, DIMENSION, dtype=np.float32)
    return FittedEncoder(Analyzer("en"), ("word",), np.ones(1, dtype=np.float32), directions)
