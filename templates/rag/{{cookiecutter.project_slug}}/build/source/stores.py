"""Where vectors are kept and searched, behind one small interface, and how a store is opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from source.encoders import Vectors
from source.errors import UserError
from source.index_settings import IndexSettings
from source.scope import Entry, Ranked, Scope

Found = tuple[str, float]


class StoreUnusable(UserError):
    """A store cannot be opened or does not answer as it should; the text says why."""


class VectorStore(Protocol):
    """Vectors of length 1 by the id of their chunk. Many threads may search one store."""

    def __len__(self) -> int:
        """How many vectors there are."""
        ...

    def add(self, entries: Sequence[Entry], vectors: Vectors) -> None:
        """Add vectors, of shape (entries, dimension). Raises `StoreUnusable`."""
        ...

    def remove(self, ids: Sequence[str]) -> None:
        """Remove vectors; ids that are not there are passed over. Raises `StoreUnusable`."""
        ...

    def search(self, vector: Vectors, k: int, scope: Scope) -> list[Found]:
        """At most `k` ids within a scope with their cosine, nearest first.

        `vector` has shape (dimension,). Raises `StoreUnusable`.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write what `open_store` needs to open the same store again."""
        ...


@runtime_checkable
class RowStore(Protocol):
    """A store in this process, which can tell what it finds by the number of its row."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The id of every row."""
        ...

    def ranked(self, vector: Vectors, k: int, scope: Scope) -> Ranked:
        """As `VectorStore.search`, by row."""
        ...


def open_store(folder: Path, settings: IndexSettings, dimension: int, version: str) -> VectorStore:
    """The store that was saved in a folder. Raises `StoreUnusable`.

    `version` tells one state of the corpus from another in a managed store.
    """
    if settings.store == "faiss":
        from source.store_faiss import FaissStore

        return FaissStore.load(folder, dimension, settings.hnsw)
    return _managed(settings, dimension, version, folder)


def new_store(settings: IndexSettings, dimension: int, version: str) -> VectorStore:
    """An empty store. Raises `StoreUnusable`."""
    if settings.store == "faiss":
        from source.store_faiss import FaissStore

        return FaissStore(dimension, settings.hnsw)
    return _managed(settings, dimension, version, None)


def _managed(
    settings: IndexSettings, dimension: int, version: str, folder: Path | None
) -> VectorStore:
    if settings.store == "opensearch":
        from source.store_opensearch import OpenSearchStore

        return OpenSearchStore.open(settings, dimension, version, folder)
    if settings.store == "s3vectors":
        from source.store_s3vectors import S3VectorsStore

        return S3VectorsStore.open(settings, dimension, version, folder)
    from source.store_pgvector import PgvectorStore

    return PgvectorStore.open(settings, dimension, version, folder)
