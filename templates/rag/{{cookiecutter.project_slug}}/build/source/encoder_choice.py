"""The encoder of a run: the fitted one of the last run while it still suits, else a new one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from source.chunking import chunk_document
from source.documents import Document
from source.encoder_fitted import DIMENSION, FittedEncoder, fit
from source.encoders import FILE_NAME, Encoder, EncoderUnusable, open_encoder, read_description
from source.index_settings import ChunkSettings, EmbeddingSettings
from source.search_words import Analyzer


def choose_encoder(
    documents: Sequence[Document],
    chunk: ChunkSettings,
    embedding: EmbeddingSettings,
    given: Path | None,
    previous: Path | None,
) -> tuple[Encoder, str]:
    """The encoder, and a sentence that says where it is from.

    `given` is the folder of a pretrained model, `previous` what the last run has left. Raises
    `EncoderUnusable`.
    """
    if embedding.kind != "fitted":
        encoder = open_encoder(given, embedding)
        return encoder, f"encoder: {embedding.kind} {embedding.model}, {encoder.dimension} numbers"
    language = main_language(documents)
    hashes = [document.sha256 for document in documents]
    kept = _previous(previous)
    share = 1.0
    if kept is not None and kept.analyzer.language == language:
        share = kept.changed_share(hashes)
        same_size = kept.asked == (embedding.dimension or DIMENSION)
        if share <= embedding.refit_share and same_size:
            return kept, (
                f"encoder: kept from the last run; {share:.1%} of the documents have changed since "
                f"it was fitted (embedding.refit_share {embedding.refit_share:.0%})"
            )
    counting = FittedEncoder(
        Analyzer(language), (), np.zeros(0, np.float32), np.zeros((0, 1), np.float32)
    )
    passages = [
        passage.searched
        for document in documents
        for passage in chunk_document(document, chunk, counting)
    ]
    encoder = fit(passages, dimension=embedding.dimension, language=language, fitted_on=hashes)
    why = "" if kept is None else f", because {share:.1%} of the documents have changed"
    return encoder, (
        f"encoder: fitted on {len(passages)} passages{why}; {len(encoder.vocabulary)} words, "
        f"{encoder.dimension} numbers"
    )


def main_language(documents: Sequence[Document]) -> str | None:
    """The language of most documents whose language is known."""
    counts = Counter(document.language for document in documents if document.language)
    return min(counts, key=lambda code: (-counts[code], code)) if counts else None


def _previous(folder: Path | None) -> FittedEncoder | None:
    """One that cannot be read is as good as none: a new one is fitted."""
    place = None if folder is None else folder / "encoder"
    if place is None or not (place / FILE_NAME).is_file():
        return None
    try:
        if read_description(place).get("kind") != "fitted":
            return None
        return FittedEncoder.load(place)
    except EncoderUnusable:
        return None
