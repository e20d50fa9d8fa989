"""The package: an index with its encoder, prompts, settings and code, versioned like a model.

config.json  manifest.json  metadata.json  prompts/  encoder/  code/
index/chunks.jsonl  index/documents.jsonl  index/terms.json  index/store/  index/bm25/
index/integrity.json  index/questions.jsonl (where the configuration names a file of them)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from source.bm25 import LexicalIndex
from source.chunks import Chunk, read_chunks
from source.documents import Value, read_lines
from source.encoders import Encoder, open_encoder
from source.fusion import Weights
from source.index_settings import (
    IndexSettings,
    RetrievalSettings,
    index_settings,
    retrieval_settings,
)
from source.integrity import IndexUnusable, check_integrity
from source.reranking import open_reranker
from source.retrieval import Retriever
from source.scope import Entries, Entry
from source.stores import RowStore, VectorStore, open_store

CONFIG, METADATA, MANIFEST = "config.json", "metadata.json", "manifest.json"
INDEX, ENCODER, PROMPTS, CODE = "index", "encoder", "prompts", "code"
CHUNKS, DOCUMENTS, STORE, LEXICAL = "chunks.jsonl", "documents.jsonl", "store", "bm25"
QUESTIONS = "questions.jsonl"


@dataclass(frozen=True)
class Package:
    """A package that was checked while it was opened. `settings` are the sections of its config."""

    settings: Mapping[str, Any]
    metadata: Mapping[str, Any]
    manifest: Mapping[str, Any]
    prompts_folder: Path
    retriever: Retriever


def load_package(folder: Path) -> Package:
    """Open a package. Raises `UserError` for one that is damaged, or whose parts do not fit."""
    check_integrity(folder)
    settings, metadata = read_json(folder / CONFIG), read_json(folder / METADATA)
    return Package(
        settings=settings,
        metadata=metadata,
        manifest=read_json(folder / MANIFEST),
        prompts_folder=folder / PROMPTS,
        retriever=open_retriever(
            folder,
            index_settings(settings),
            retrieval_settings(settings),
            str(metadata["version"]),
        ),
    )


def open_retriever(
    folder: Path, index: IndexSettings, retrieval: RetrievalSettings, version: str
) -> Retriever:
    """The retriever of a package folder. Raises `UserError`."""
    chunks = tuple(read_chunks(folder / INDEX / CHUNKS))
    encoder = open_encoder(folder / ENCODER)
    store = open_store(folder / INDEX / STORE, index, encoder.dimension, version)
    if len(store) != len(chunks):
        raise IndexUnusable(
            f"{len(store)} vectors for {len(chunks)} chunks in {index.store}; build the index again"
        )
    entries = Entries(entries_of(chunks, read_metadata(folder / INDEX / DOCUMENTS)))
    lexical = LexicalIndex.load(folder / INDEX / LEXICAL, entries)
    return retriever_of(chunks, lexical, store, encoder, retrieval)


def retriever_of(
    chunks: tuple[Chunk, ...],
    lexical: LexicalIndex,
    store: VectorStore,
    encoder: Encoder,
    retrieval: RetrievalSettings,
) -> Retriever:
    """The retriever of an index that is in memory, with the weights of its settings, or equal ones.

    Row by row `lexical` is of these chunks.
    """
    weights = retrieval.weights if isinstance(retrieval.weights, Weights) else Weights()
    by_row = None
    if isinstance(store, RowStore) and store.ids == lexical.entries.ids:
        by_row = store.ranked
    return Retriever(
        chunks=chunks,
        lexical=lexical,
        store=store,
        encoder=encoder,
        settings=retrieval,
        weights=weights,
        reranker=open_reranker(retrieval),
        by_row=by_row,
    )


def entries_of(
    chunks: tuple[Chunk, ...], metadata: Mapping[str, Mapping[str, Value]]
) -> list[Entry]:
    """What stores know of chunks; a chunk has its document's metadata. Raises `IndexUnusable`."""
    try:
        return [Entry(chunk.id, chunk.labels, metadata[chunk.document]) for chunk in chunks]
    except KeyError as error:
        raise IndexUnusable(f"there are chunks of {error}, which is no document") from error


def read_metadata(path: Path) -> dict[str, dict[str, Value]]:
    """The metadata of every document by its id. Raises `UserError`."""
    found: dict[str, dict[str, Value]] = {}
    for fields in read_lines(path):
        try:
            found[fields["id"]] = {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in fields["metadata"].items()
            }
        except (KeyError, AttributeError) as error:
            raise IndexUnusable(f"{path}: no document ({error!r})") from error
    return found


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object. Raises `IndexUnusable`."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise IndexUnusable(f"{path}: {error}; build the index again") from error


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON object, readable for people."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def describe(encoder: Encoder, folder: Path) -> dict[str, Any]:
    """What a package says of its encoder."""
    fields = read_json(folder / "encoder.json")
    names = ("kind", "model", "dimension", "max_tokens", "fingerprint")
    found = {name: fields.get(name) for name in names}
    if found["dimension"] is None:
        found["dimension"] = encoder.dimension
    return found
