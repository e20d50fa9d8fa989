"""Builds a package from chunks and their vectors."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlops.bundle import local_closure
from source import package as packages
from source.bm25 import LexicalIndex
from source.chunks import Chunk
from source.documents import Document, read_documents, write_lines
from source.embedding import read_counts, read_parts
from source.encoder_choice import main_language
from source.encoders import Encoder, Vectors, open_encoder
from source.evaluate_settings import GENERATED, evaluate_settings
from source.index_settings import index_settings, retrieval_settings
from source.index_tuning import choose
from source.integrity import IndexUnusable, write_integrity
from source.manifest import FILE_NAME, Manifest, read_manifest
from source.prompts import load_prompts
from source.questions import load_questions, write_questions
from source.scope import Entries
from source.search_words import Analyzer
from source.stores import new_store
from source.terms import FILE as TERMS
from source.terms import Terms
from source.tuning import Chosen

SERVERS = ("source.serving_app", "source.inference", "source.monitor")
ENTRIES = {
    "app.py": '''"""The application of this package, for containers without a server."""

from source.serving_app import build_app

__all__ = ["build_app"]
''',
    "inference.py": '''"""The handlers of this package, for containers that call them."""

from source.inference import input_fn, model_fn, output_fn, predict_fn

__all__ = ["input_fn", "model_fn", "output_fn", "predict_fn"]
''',
}
# Chunks of a file that are embedded again, to see whether their vectors are theirs.
PROBES = 8
# The same model on another machine gives slightly other numbers.
ALIKE = 0.98


@dataclass(frozen=True)
class Parts:
    """The folders that the steps before have written, and that of given questions, if any."""

    documents: Path
    manifest: Path
    chunks: Path
    vectors: Path
    embedded: Path
    encoder: Path
    prompts: Path
    questions: Path | None = None


@dataclass(frozen=True)
class Built:
    """What came out."""

    metadata: Mapping[str, Any]
    manifest: Manifest
    chosen: Chosen


def build(parts: Parts, folder: Path, document: Mapping[str, Any]) -> Built:
    """Write a package to a folder. Raises `UserError` when its parts do not fit together.

    `document` has the sections of the settings. A package is complete when it has its integrity
    file; no step after this one opens one without.
    """
    prompts = load_prompts(parts.prompts)
    encoder = open_encoder(parts.encoder)
    documents = list(read_documents(parts.documents))
    chunks, vectors = _embedded(parts, encoder, documents)
    manifest = read_manifest(parts.manifest).counted(*read_counts(parts.embedded))
    _same_documents(manifest, documents)
    metadata = _metadata(documents, chunks, encoder, parts, manifest, document)
    index, retrieval = index_settings(document), retrieval_settings(document)
    inside = folder / packages.INDEX
    inside.mkdir(parents=True, exist_ok=True)
    write_lines((chunk.as_dict() for chunk in chunks), inside / packages.CHUNKS)
    write_lines(map(_described, documents), inside / packages.DOCUMENTS)
    entries = packages.entries_of(chunks, {one.id: one.metadata for one in documents})
    analyzer = Analyzer(main_language(documents))
    # Chunks have the same texts, and what follows needs the most memory.
    del documents
    lexical = LexicalIndex.build((one.searched for one in chunks), analyzer, Entries(entries))
    lexical.save(inside / packages.LEXICAL)
    store = new_store(index, encoder.dimension, metadata["version"])
    store.add(entries, vectors)
    store.save(inside / packages.STORE)
    if index.store != "faiss":
        # The next run takes from here what has not changed.
        np.save(inside / packages.STORE / "vectors.npy", vectors, allow_pickle=False)
    terms = Terms.count(one.searched for one in chunks)
    terms.save(inside / TERMS)
    shutil.copytree(parts.encoder, folder / packages.ENCODER, dirs_exist_ok=True)
    shutil.copytree(parts.prompts, folder / packages.PROMPTS, dirs_exist_ok=True)
    manifest.write(folder / FILE_NAME)
    retriever = packages.retriever_of(chunks, lexical, store, encoder, retrieval)
    chosen = choose(retriever, terms, prompts, document, parts.questions)
    _keep_questions(parts.questions, document, inside / packages.QUESTIONS)
    sections = ("index", "retrieval", "generation", "monitor")
    kept = {name: document.get(name) or {} for name in sections}
    packages.write_json(folder / packages.CONFIG, {**kept, "chosen": chosen.as_dict()})
    packages.write_json(folder / packages.METADATA, metadata)
    _write_code(folder / packages.CODE)
    write_integrity(folder)
    return Built(metadata, manifest, chosen)


def _embedded(
    parts: Parts, encoder: Encoder, documents: Sequence[Document]
) -> tuple[tuple[Chunk, ...], Vectors]:
    """Chunks in the order of their documents and places, with their vectors."""
    files = list(read_parts(parts.chunks, parts.vectors))
    found = [pair for part, rows in files for pair in zip(part, rows, strict=True)]
    if not found:
        raise IndexUnusable("there is no passage to index: every document is empty")
    found.sort(key=lambda pair: (pair[0].document, pair[0].start, pair[0].end))
    chunks = tuple(chunk for chunk, _ in found)
    vectors = np.stack([row for _, row in found]).astype(np.float32, copy=False)
    texts = {document.id: document.text for document in documents}
    for chunk in chunks:
        text = texts.get(chunk.document)
        if text is None or text[chunk.start : chunk.end] != chunk.text:
            raise IndexUnusable(
                f"chunk {chunk.id!r} is not part of its document; embed the documents again"
            )
    for part, rows in files:
        if part:
            _check_vectors(part, rows, encoder)
    return chunks, vectors


def _check_vectors(chunks: Sequence[Chunk], vectors: Vectors, encoder: Encoder) -> None:
    """A few vectors are computed again: rows in another order would answer, and answer wrongly.

    Each file has its own order, so this is asked of each.
    """
    if vectors.shape[1] != encoder.dimension:
        raise IndexUnusable(
            f"the vectors have {vectors.shape[1]} numbers and the encoder gives "
            f"{encoder.dimension}; embed the documents again"
        )
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.isfinite(lengths).all() or ((lengths > 0) & (abs(lengths - 1) > 0.01)).any():
        raise IndexUnusable("there are vectors whose length is not 1; embed the documents again")
    rows = np.unique(np.linspace(0, len(chunks) - 1, PROBES).astype(int))
    again = encoder.encode([chunks[row].searched for row in rows])
    for row, vector in zip(rows, again, strict=True):
        if vector.any() and float(vector @ vectors[row]) < ALIKE:
            raise IndexUnusable(
                f"the vector of chunk {chunks[row].id!r} is not that of its text: the rows are in "
                "another order, or from another encoder; embed the documents again"
            )


def _same_documents(manifest: Manifest, documents: Sequence[Document]) -> None:
    found = {document.id: document.sha256 for document in documents}
    if found != dict(manifest.documents):
        raise IndexUnusable(
            f"the manifest lists {len(manifest.documents)} documents, and {len(found)} are there "
            "or they have changed; ingest them again"
        )


def _metadata(
    documents: Sequence[Document],
    chunks: Sequence[Chunk],
    encoder: Encoder,
    parts: Parts,
    manifest: Manifest,
    document: Mapping[str, Any],
) -> dict[str, Any]:
    """What a model card says of the index."""
    data = document.get("data") or {}
    identity = json.dumps([manifest.sha256, [chunk.sha256 for chunk in chunks]])
    languages = Counter(one.language or "unknown" for one in documents)
    return {
        "version": hashlib.sha256(identity.encode()).hexdigest()[:12],
        "corpus": {
            "sha256": manifest.sha256,
            "source": data.get("source"),
            "licence": data.get("licence"),
            "documents": len(documents),
            "characters": sum(len(one.text) for one in documents),
            "languages": dict(sorted(languages.items())),
            # As text, for the registry, whose metadata have no commas.
            "language_codes": " ".join(sorted(languages)),
            "formats": dict(sorted(Counter(one.format for one in documents).items())),
            "labels": sorted({label for one in documents for label in one.labels}),
        },
        "chunks": len(chunks),
        "encoder": packages.describe(encoder, parts.encoder),
        "store": index_settings(document).store,
    }


def _keep_questions(given: Path | None, document: Mapping[str, Any], path: Path) -> None:
    """Questions of people go with the index: what is asked later can be compared with them."""
    if given is not None and evaluate_settings(document).questions != GENERATED:
        write_questions(load_questions(given), path)


def _described(document: Document) -> dict[str, Any]:
    """A document without its text, which is in its chunks."""
    fields = document.as_dict()
    return {name: value for name, value in fields.items() if name not in ("text", "sections")}


def _write_code(folder: Path) -> None:
    """The modules that the endpoint executes, its entry points, and what it must install."""
    root = Path(__file__).resolve().parent.parent
    for path in local_closure(root, SERVERS):
        target = folder / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    for name, text in ENTRIES.items():
        (folder / name).write_text(text, encoding="utf-8")
    # In a job the step's requirements stand beside its code, in the repository below source/.
    for place in (root / "requirements.txt", root / "source" / "requirements.txt"):
        if place.is_file() and "sagemaker-mlops" not in place.read_text(encoding="utf-8"):
            shutil.copyfile(place, folder / "requirements.txt")
            break
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
