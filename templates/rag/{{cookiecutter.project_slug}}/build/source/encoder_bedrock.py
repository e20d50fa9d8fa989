"""Embedding models on Amazon Bedrock: Titan, one text a request, and Cohere, several."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from source import encoder_remote
from source.encoder_tokens import estimated_spans
from source.encoders import (
    EncoderUnusable,
    Kind,
    Span,
    Vectors,
    unit_vectors,
    write_description,
)
from source.index_settings import EmbeddingSettings


@dataclass(frozen=True)
class Family:
    """What the models of a family take; `cohere` and `dimensions` decide about the request.

    From the model parameters in the Bedrock user guide.
    """

    begins: str
    dimension: int
    max_tokens: int
    batch: int
    dimensions: bool


FAMILIES = (
    Family("amazon.titan-embed-text-v1", 1536, 8192, 1, dimensions=False),
    Family("amazon.titan-embed-text-v2", 1024, 8192, 1, dimensions=True),
    Family("cohere.embed-v4", 1536, 128_000, 96, dimensions=True),
    # 512 tokens, and 2,048 characters a text.
    Family("cohere.embed-", 1024, 500, 96, dimensions=False),
)
INPUT_TYPES = {"passage": "search_document", "question": "search_query"}


@dataclass(frozen=True)
class BedrockEncoder:
    """`runtime` is a client of bedrock-runtime."""

    settings: EmbeddingSettings
    family: Family
    runtime: Any

    @classmethod
    def open(cls, settings: EmbeddingSettings) -> BedrockEncoder:
        """Raises `EncoderUnusable` for models whose requests are not known."""
        runtime = encoder_remote.client("bedrock-runtime", settings.region)
        return cls(settings, family_of(settings), runtime)

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return self.settings.dimension or self.family.dimension

    @property
    def max_tokens(self) -> int:
        """The longest text."""
        return self.family.max_tokens

    @property
    def fingerprint(self) -> str:
        """Of the model's id and dimension."""
        return encoder_remote.fingerprint(self.settings)

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage") -> Vectors:
        """Vectors of shape (texts, dimension). Raises `EncoderUnusable`."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        groups = encoder_remote.batches(texts, min(self.family.batch, self.settings.batch_size))
        source = f"model {self.settings.model}"
        found = encoder_remote.answers(lambda group: self._ask(group, kind), groups, source)
        return unit_vectors(found, len(texts), self.dimension, source)

    def token_spans(self, text: str) -> list[Span]:
        """Estimated upwards."""
        return estimated_spans(text)

    def save(self, folder: Path) -> None:
        """Write which model it is."""
        write_description(
            folder, encoder_remote.description(self.settings, self.max_tokens, self.fingerprint)
        )

    def _ask(self, texts: Sequence[str], kind: Kind) -> Sequence[Sequence[float]]:
        response = self.runtime.invoke_model(
            modelId=self.settings.model,
            contentType="application/json",
            accept="application/json",
            body=json.dumps(self._request(texts, kind)),
        )
        answer = json.loads(response["body"].read())
        vectors = (
            answer["embeddings"]["float"]
            if self._is_cohere
            else [list(map(float, answer["embedding"]))]
        )
        if len(vectors) != len(texts):
            raise ValueError(f"{len(texts)} texts were sent, {len(vectors)} vectors came back")
        return list(vectors)

    @property
    def _is_cohere(self) -> bool:
        return self.family.begins.startswith("cohere.")

    def _request(self, texts: Sequence[str], kind: Kind) -> dict[str, Any]:
        if not self._is_cohere:
            (text,) = texts
            # Titan refuses an empty text.
            request: dict[str, Any] = {"inputText": text or " "}
            if self.family.dimensions:
                request |= {"dimensions": self.dimension, "normalize": True}
            return request
        request = {
            "texts": [text or " " for text in texts],
            "input_type": INPUT_TYPES[kind],
            # A text that is too long shall be an error, not an embedding of its beginning.
            "truncate": "NONE",
            "embedding_types": ["float"],
        }
        return request | ({"output_dimension": self.dimension} if self.family.dimensions else {})


def family_of(settings: EmbeddingSettings) -> Family:
    """The family of a model id or inference profile. Raises `EncoderUnusable`."""
    model = str(settings.model)
    # An inference profile has a region's prefix, such as eu.cohere.embed-v4:0.
    names = (model, model.partition(".")[2])
    for family in FAMILIES:
        if any(name.startswith(family.begins) for name in names):
            size = settings.dimension
            if size not in (None, family.dimension) and not family.dimensions:
                raise EncoderUnusable(
                    f"embedding.dimension: {size}; {model} gives {family.dimension}"
                )
            return family
    known = ", ".join(family.begins for family in FAMILIES)
    raise EncoderUnusable(f"embedding.model: {model!r} is not known; use one of {known}...")
