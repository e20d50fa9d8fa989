"""Embed: cut documents into passages and turn them into vectors; several machines share the files.

Reads files of documents, as many as this machine was dealt, and writes below --output for each of
them chunks/<name>.jsonl, vectors/<name>.npy and embedded/<name>.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops.tracking import step_run
from source.documents import parts, read_documents
from source.embedding import CHUNKS, COUNTS, VECTORS, embed, known_vectors, write_part
from source.encoders import open_encoder
from source.exits import conclude, run_step
from source.index_settings import (
    ChunkSettings,
    EmbeddingSettings,
    chunk_settings,
    embedding_settings,
)
from source.settings import read_document
from source.step_arguments import step_parser


@dataclass(frozen=True)
class Counts:
    """What a machine has done."""

    documents: int = 0
    chunks: int = 0
    embedded: int = 0
    reused: int = 0

    def text(self) -> str:
        """One line for a terminal."""
        return (
            f"{self.documents} documents, {self.chunks} passages: {self.embedded} embedded, "
            f"{self.reused} taken from the last run"
        )


def embed_files(
    documents: Path,
    encoder_folder: Path | None,
    previous: Path | None,
    output: Path,
    chunk: ChunkSettings,
    embedding: EmbeddingSettings,
) -> Counts:
    """Embed every file of documents; there may be none. Raises `UserError`."""
    for name in (CHUNKS, VECTORS, COUNTS):
        (output / name).mkdir(parents=True, exist_ok=True)
    counts = Counts()
    files = parts(documents)
    if not files:
        return counts
    encoder = open_encoder(encoder_folder, embedding)
    known = known_vectors(previous, encoder.dimension)
    for path in files:
        found = list(read_documents(path))
        embedded = embed(found, chunk, encoder, known)
        write_part(embedded, output, path.stem)
        counts = Counts(
            counts.documents + len(found),
            counts.chunks + len(embedded.chunks),
            counts.embedded + embedded.embedded,
            counts.reused + embedded.reused,
        )
    return counts


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step with the paths of its container, or those given."""
    options = step_parser(__doc__, "documents", "encoder", "previous").parse_args(arguments)
    run_step(lambda: _tracked(options))


def _tracked(options: argparse.Namespace) -> None:
    document = read_document(options.settings)
    chunk, embedding = chunk_settings(document), embedding_settings(document)
    counts = embed_files(
        options.documents, options.encoder, options.previous, options.output, chunk, embedding
    )
    if not counts.documents:
        # More machines than files: there is nothing that a run of its own could tell.
        conclude("no documents are left for this machine")
        return
    with step_run("Embed"):
        import mlflow

        mlflow.log_params({"chunk.max_tokens": chunk.max_tokens, "embedding.kind": embedding.kind})
        mlflow.log_metrics(
            {
                "chunks": float(counts.chunks),
                "chunks_embedded": float(counts.embedded),
                "chunks_reused": float(counts.reused),
            }
        )
    conclude(counts.text())


if __name__ == "__main__":
    main()
