"""Vectors in the package, searched with Faiss: exactly, or through an HNSW graph.

Saved as vectors.npy and entries.jsonl, which need no library to be read, and the graph if any.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from source.documents import Value, read_lines, write_lines
from source.encoders import Vectors
from source.errors import UserError
from source.index_settings import HnswSettings
from source.scope import Entries, Entry, Mask, Ranked, Scope
from source.stores import Found, StoreUnusable

# Its type stubs are behind its interface.
faiss: Any = import_module("faiss")

VECTORS, ENTRIES, GRAPH = "vectors.npy", "entries.jsonl", "graph.faiss"
# A scope that admits fewer is searched exactly: a graph would lead to neighbours outside of it.
NARROW = 20_000


class FaissStore:
    """A Faiss index of inner products, and an entry for each of its rows."""

    def __init__(self, dimension: int, hnsw: HnswSettings | None = None) -> None:
        self._dimension = dimension
        self._hnsw = hnsw
        self._index = self._empty()
        self._entries = Entries(())

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def vectors(self) -> Vectors:
        """The vectors, of shape (entries, dimension): a view that is valid until they change."""
        if not len(self):
            return np.zeros((0, self._dimension), dtype=np.float32)
        flat = self._index
        if self._hnsw is not None:
            flat = faiss.downcast_index(self._index.storage)
        values = faiss.rev_swig_ptr(flat.get_xb(), len(self) * self._dimension)
        return np.asarray(values, dtype=np.float32).reshape(len(self), self._dimension)

    def add(self, entries: Sequence[Entry], vectors: Vectors) -> None:
        """Add vectors. Raises `StoreUnusable` for an id that is there, or another shape."""
        if vectors.shape != (len(entries), self._dimension):
            raise StoreUnusable(
                f"vectors of shape {vectors.shape} for {len(entries)} chunks; "
                f"{(len(entries), self._dimension)} is needed"
            )
        together = Entries([*self._entries, *entries])
        if len(set(together.ids)) < len(together):
            (twice, _), *_ = Counter(together.ids).most_common(1)
            raise StoreUnusable(f"chunk {twice!r} is in the store already")
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        self._entries = together

    def remove(self, ids: Sequence[str]) -> None:
        """Remove vectors; a graph is drawn anew."""
        gone = set(ids)
        keep = np.array([identifier not in gone for identifier in self._entries.ids], dtype=bool)
        kept = np.array(self.vectors[keep]) if keep.size else self.vectors
        entries = [entry for entry in self._entries if entry.id not in gone]
        self._index = self._empty()
        self._entries = Entries(())
        self.add(entries, kept)

    @property
    def ids(self) -> tuple[str, ...]:
        """The id of every row."""
        return self._entries.ids

    def search(self, vector: Vectors, k: int, scope: Scope) -> list[Found]:
        """At most `k` ids with their cosine, nearest first."""
        return self._entries.named(self.ranked(vector, k, scope))

    def ranked(self, vector: Vectors, k: int, scope: Scope) -> Ranked:
        """The same by row."""
        admitted = self._entries.admitted(scope)
        within = len(self) if admitted is None else int(np.count_nonzero(admitted))
        if not within:
            return {}
        count = min(k, within)
        if admitted is not None and self._hnsw is not None and within < NARROW:
            return self._exactly(vector, count, admitted)
        question = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        parameters = self._parameters(admitted, count)
        # Else Faiss spreads one question over all cores, which other requests need: on two busy
        # ones that took three times as long. It counts for this thread alone.
        faiss.omp_set_num_threads(1)
        scores, rows = self._index.search(question, count, params=parameters)
        # A graph may lead to fewer; the rest are -1.
        found = dict(zip(rows[0].tolist(), scores[0].tolist(), strict=True))
        found.pop(-1, None)
        return found

    def save(self, folder: Path) -> None:
        """Write vectors, entries and graph."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / VECTORS, self.vectors, allow_pickle=False)
        rows = (
            {"id": entry.id, "labels": list(entry.labels), "metadata": dict(entry.metadata)}
            for entry in self._entries
        )
        write_lines(rows, folder / ENTRIES)
        if self._hnsw is not None:
            faiss.write_index(self._index, str(folder / GRAPH))

    @classmethod
    def load(cls, folder: Path, dimension: int, hnsw: HnswSettings | None = None) -> FaissStore:
        """Raises `StoreUnusable` for files that are absent, damaged, or of another encoder."""
        try:
            vectors = np.load(folder / VECTORS, allow_pickle=False)
            entries = _entries(folder / ENTRIES)
        except (OSError, ValueError, EOFError, KeyError, TypeError, UserError) as error:
            raise StoreUnusable(f"{folder}: {error}; build the index again") from error
        if vectors.shape != (len(entries), dimension) or vectors.dtype != np.float32:
            raise StoreUnusable(
                f"{folder / VECTORS}: shape {vectors.shape} of {vectors.dtype} for {len(entries)} "
                f"chunks and an encoder of {dimension} numbers; build the index again"
            )
        store = cls(dimension, hnsw)
        if hnsw is None:
            store._index.add(vectors)
        else:
            store._index = _graph(folder / GRAPH, len(entries), dimension)
        store._entries = Entries(entries)
        return store

    def _empty(self) -> Any:
        if self._hnsw is None:
            return faiss.IndexFlatIP(self._dimension)
        index = faiss.IndexHNSWFlat(self._dimension, self._hnsw.links, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = self._hnsw.build_breadth
        return index

    def _parameters(self, admitted: Mask | None, count: int) -> Any:
        if self._hnsw is not None:
            options = {} if admitted is None else {"sel": _selector(admitted)}
            return faiss.SearchParametersHNSW(
                efSearch=max(self._hnsw.search_breadth, count), **options
            )
        return None if admitted is None else faiss.SearchParameters(sel=_selector(admitted))

    def _exactly(self, vector: Vectors, count: int, admitted: Mask) -> Ranked:
        rows = np.flatnonzero(admitted)
        scores = self.vectors[rows] @ vector
        best = np.lexsort((rows, -scores))[:count]
        return dict(zip(rows[best].tolist(), scores[best].tolist(), strict=True))


def _selector(admitted: Mask) -> Any:
    return faiss.IDSelectorBitmap(np.packbits(admitted, bitorder="little"))


def _entries(path: Path) -> list[Entry]:
    """Entries as they were; the chunks of a document share their metadata again."""
    shared: dict[str, dict[str, Value]] = {}
    found = []
    for fields in read_lines(path):
        key = repr(fields["metadata"])
        if key not in shared:
            shared[key] = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in fields["metadata"].items()
            }
        found.append(Entry(fields["id"], tuple(fields["labels"]), shared[key]))
    return found


def _graph(path: Path, entries: int, dimension: int) -> Any:
    try:
        index = faiss.read_index(str(path))
    except RuntimeError as error:
        raise StoreUnusable(f"{path}: {json.dumps(str(error))}; build the index again") from error
    if not isinstance(index, faiss.IndexHNSWFlat) or (index.ntotal, index.d) != (
        entries,
        dimension,
    ):
        raise StoreUnusable(f"{path}: not the graph of these vectors; build the index again")
    return index
