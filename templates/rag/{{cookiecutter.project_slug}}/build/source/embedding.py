"""Chunks and their vectors, of which only those are computed that the last run has not left."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from source.chunking import chunk_document
from source.chunks import Chunk, read_chunks
from source.documents import Document, parts, write_lines
from source.encoders import Encoder, Vectors
from source.errors import UserError
from source.index_settings import ChunkSettings

CHUNKS, VECTORS, COUNTS = "chunks", "vectors", "embedded"


@dataclass(frozen=True)
class Embedded:
    """Chunks with their vectors, row by row.

    `embedded` were computed in this run and `reused` taken from the last one.
    """

    chunks: tuple[Chunk, ...]
    vectors: Vectors
    embedded: int
    reused: int


def embed(
    documents: Iterable[Document],
    settings: ChunkSettings,
    encoder: Encoder,
    known: Mapping[str, npt.NDArray[np.float32]],
) -> Embedded:
    """Cut documents and embed what `known`, vectors by the hash of chunks, does not have."""
    chunks = tuple(
        chunk for document in documents for chunk in chunk_document(document, settings, encoder)
    )
    new = [row for row, chunk in enumerate(chunks) if chunk.sha256 not in known]
    vectors = np.zeros((len(chunks), encoder.dimension), dtype=np.float32)
    if new:
        vectors[new] = encoder.encode([chunks[row].searched for row in new])
    for row, chunk in enumerate(chunks):
        if chunk.sha256 in known:
            vectors[row] = known[chunk.sha256]
    return Embedded(chunks, vectors, len(new), len(chunks) - len(new))


def write_part(embedded: Embedded, output: Path, name: str) -> None:
    """Write chunks, vectors and counts of one file of documents, under its name."""
    write_lines((chunk.as_dict() for chunk in embedded.chunks), output / CHUNKS / f"{name}.jsonl")
    (output / VECTORS).mkdir(parents=True, exist_ok=True)
    np.save(output / VECTORS / f"{name}.npy", embedded.vectors, allow_pickle=False)
    counts = {"embedded": embedded.embedded, "reused": embedded.reused}
    (output / COUNTS).mkdir(parents=True, exist_ok=True)
    (output / COUNTS / f"{name}.json").write_text(json.dumps(counts) + "\n", encoding="utf-8")


def read_parts(chunks: Path, vectors: Path) -> Iterator[tuple[list[Chunk], Vectors]]:
    """Chunks with their vectors, file by file. Raises `UserError` when they do not belong together.

    Each is a folder of files with the same names, or one file.
    """
    for path in parts(chunks):
        beside = vectors if vectors.is_file() else vectors / f"{path.stem}.npy"
        try:
            rows = np.load(beside, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise UserError(f"{beside}: no vectors for {path.name} ({error})") from error
        found = list(read_chunks(path))
        if rows.ndim != 2 or len(rows) != len(found):
            raise UserError(f"{beside}: shape {rows.shape} for {len(found)} chunks of {path.name}")
        yield found, rows


def read_counts(folder: Path) -> tuple[int, int]:
    """Chunks embedded and reused, by all machines together."""
    embedded = reused = 0
    for path in parts(folder, ".json"):
        counts = json.loads(path.read_text(encoding="utf-8"))
        embedded += counts["embedded"]
        reused += counts["reused"]
    return embedded, reused


def known_vectors(previous: Path | None, dimension: int) -> dict[str, npt.NDArray[np.float32]]:
    """Vectors of the last run by the hash of their chunk; none when it has left none.

    `previous` is a package, or the output of Embed. Files that do not fit together are passed
    over: their chunks are embedded again.
    """
    if previous is None:
        return {}
    known: dict[str, npt.NDArray[np.float32]] = {}
    for chunks, vectors in (
        (previous / "index" / "chunks.jsonl", previous / "index" / "store" / "vectors.npy"),
        (previous / CHUNKS, previous / VECTORS),
    ):
        if not (chunks.exists() and vectors.exists()):
            continue
        try:
            for found, rows in read_parts(chunks, vectors):
                if rows.shape[1] == dimension:
                    known.update(zip((chunk.sha256 for chunk in found), rows, strict=True))
        except UserError as error:
            print(f"the last run's vectors are not used: {error}", flush=True)
    return known
