"""Measures one way in a process of its own, so that no memory is left from another.

Both ways get the same texts and the same vectors, and do the same work with the same libraries:
stem, index by BM25, index vectors; then, for a question, rank by both and fuse the ranks. Times are
the processor's, of one thread, so that other work on the machine counts little. Prints the result
as one line of JSON.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.marked import report_measurement
from benchmarks.rag.corpus import questions, texts, vectors
from benchmarks.rag.ways import BUILD, CANDIDATES, DIMENSION, PLAIN, TOP_K, Measured, Task

SMOOTHING = 60
WARM_UP = 5
Ask = Callable[[int], list[int]]


def main() -> None:
    """The worker's entry point; its argument is a `Task` as JSON."""
    report_measurement(Task, measure)


def measure(task: Task) -> Measured:
    """Build the index, ask all questions, and hash what was found."""
    corpus = texts(task.chunks)
    asked = questions(corpus, task.questions)
    rows, question_vectors = vectors(task.chunks, 1), vectors(task.questions, 2)
    build = plain if task.way == PLAIN else template
    began = time.process_time()
    ask = build(corpus, rows, asked, question_vectors)
    built = time.process_time() - began
    for number in range(min(WARM_UP, len(asked))):
        ask(number)
    times, found = [], hashlib.sha256()
    for number in range(len(asked)):
        began = time.process_time()
        best = ask(number)
        times.append(time.process_time() - began)
        found.update(json.dumps(best).encode())
    times.sort()
    return Measured(
        build_seconds=built,
        query_ms=times[len(times) // 2] * 1000,
        slow_query_ms=times[int(len(times) * 0.95)] * 1000,
        peak_mib=_peak_mib(),
        found=found.hexdigest(),
    )


def plain(corpus: list[str], rows: Any, asked: list[str], question_vectors: Any) -> Ask:
    """bm25s, PyStemmer and Faiss as their own documentation uses them, and ranks fused."""
    import bm25s
    import faiss
    import Stemmer

    stemmer = Stemmer.Stemmer("english")

    def tokens(batch: list[str]) -> Any:
        return bm25s.tokenize(
            batch, stopwords=None, stemmer=stemmer, show_progress=False, token_pattern=r"\b\w+\b"
        )

    lexical = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
    lexical.index(tokens(corpus), show_progress=False)
    dense = faiss.IndexFlatIP(DIMENSION)
    dense.add(rows)

    def ask(number: int) -> list[int]:
        by_words, _ = lexical.retrieve(tokens([asked[number]]), k=CANDIDATES, show_progress=False)
        _, by_vectors = dense.search(question_vectors[number : number + 1], CANDIDATES)
        scores: dict[int, float] = {}
        for ranking in (by_words[0].tolist(), by_vectors[0].tolist()):
            for rank, row in enumerate(ranking, 1):
                scores[row] = scores.get(row, 0.0) + 1 / (SMOOTHING + rank)
        return sorted(scores, key=lambda row: (-scores[row], row))[:TOP_K]

    return ask


def template(corpus: list[str], rows: Any, asked: list[str], question_vectors: Any) -> Ask:
    """The template's index and retriever; an encoder stands in that has the vectors already."""
    sys.path.insert(0, str(BUILD))
    from source.bm25 import LexicalIndex
    from source.chunks import Chunk
    from source.fusion import Weights
    from source.index_settings import IndexSettings, RetrievalSettings
    from source.retrieval import Retriever
    from source.scope import Entries, Entry
    from source.search_words import Analyzer
    from source.stores import new_store

    # As Index reads them from Embed, before it builds.
    ids = [f"{row:07d}" for row in range(len(corpus))]
    chunks = tuple(
        Chunk(name, "document", "", (), 0, len(text), text, (), "")
        for name, text in zip(ids, corpus, strict=True)
    )
    entries = [Entry(name) for name in ids]
    store = new_store(IndexSettings(), DIMENSION, "benchmark")
    store.add(entries, rows)
    retriever = Retriever(
        chunks=chunks,
        lexical=LexicalIndex.build(corpus, Analyzer("en"), Entries(entries)),
        store=store,
        encoder=_Known(dict(zip(asked, question_vectors, strict=True))),
        settings=RetrievalSettings(top_k=TOP_K, candidates=CANDIDATES),
        weights=Weights(1.0, 1.0),
    )
    return lambda number: [
        int(passage.chunk) for passage in retriever.search(asked[number], top_k=TOP_K)
    ]


class _Known:
    """Vectors by their texts, in the place of an encoder."""

    dimension = DIMENSION
    max_tokens = 512
    fingerprint = "known"

    def __init__(self, known: dict[str, Any]) -> None:
        self._known = known

    def encode(self, batch: list[str], *, kind: str = "passage") -> Any:
        """The vectors of texts that are known."""
        import numpy as np

        return np.stack([self._known[text] for text in batch])

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """None: nothing is cut."""
        return []

    def save(self, folder: Path) -> None:
        """There is nothing to save."""


def _peak_mib() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)


if __name__ == "__main__":
    main()
