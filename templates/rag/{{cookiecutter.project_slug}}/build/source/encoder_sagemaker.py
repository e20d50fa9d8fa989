"""An embedding model behind a SageMaker endpoint that speaks as Hugging Face's containers do.

Request {"inputs": [texts]}, answer [[numbers]]: a vector a text, which is what Text Embeddings
Inference gives.
"""

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

# What nearly every encoder reads; the container is asked to refuse longer texts, not to cut them.
MAX_TOKENS = 510


@dataclass(frozen=True)
class SageMakerEncoder:
    """`runtime` is a client of sagemaker-runtime."""

    settings: EmbeddingSettings
    runtime: Any

    @classmethod
    def open(cls, settings: EmbeddingSettings) -> SageMakerEncoder:
        """Raises `EncoderUnusable` when the dimension is not said."""
        if settings.dimension is None:
            raise EncoderUnusable("embedding.dimension: missing; say what the endpoint's model has")
        return cls(settings, encoder_remote.client("sagemaker-runtime", settings.region))

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return int(self.settings.dimension or 0)

    @property
    def max_tokens(self) -> int:
        """The longest text."""
        return MAX_TOKENS

    @property
    def fingerprint(self) -> str:
        """Of the endpoint's name."""
        return encoder_remote.fingerprint(self.settings)

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage") -> Vectors:
        """Vectors of shape (texts, dimension). Raises `EncoderUnusable`."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        source = f"endpoint {self.settings.model}"
        groups = encoder_remote.batches(texts, self.settings.batch_size)
        found = encoder_remote.answers(self._ask, groups, source)
        try:
            return unit_vectors(found, len(texts), self.dimension, source)
        except (ValueError, TypeError) as error:
            if isinstance(error, EncoderUnusable):
                raise
            raise EncoderUnusable(f"{source} gave vectors of several lengths: {error}") from error

    def token_spans(self, text: str) -> list[Span]:
        """Estimated upwards."""
        return estimated_spans(text)

    def save(self, folder: Path) -> None:
        """Write which endpoint it is."""
        write_description(
            folder, encoder_remote.description(self.settings, self.max_tokens, self.fingerprint)
        )

    def _ask(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        response = self.runtime.invoke_endpoint(
            EndpointName=self.settings.model,
            ContentType="application/json",
            Accept="application/json",
            Body=json.dumps({"inputs": list(texts), "truncate": False}),
        )
        vectors = json.loads(response["Body"].read())
        if not isinstance(vectors, list) or len(vectors) != len(texts):
            raise ValueError(f"{len(texts)} texts were sent, and no list of as many came back")
        return vectors
