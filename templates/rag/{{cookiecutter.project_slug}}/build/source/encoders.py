"""What turns texts into vectors, whatever it is made of, and how one is opened.

Vectors are float32 of length 1, so that their inner product is the cosine of their angle. A text
that means nothing to an encoder is the zero vector.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from source.errors import UserError
from source.index_settings import EmbeddingSettings

FILE_NAME = "encoder.json"
Vectors = npt.NDArray[np.float32]
Kind = Literal["passage", "question"]
Span = tuple[int, int]


class EncoderUnusable(UserError):
    """An encoder cannot be opened or does not answer as it should; the text says why."""


class Encoder(Protocol):
    """Texts become vectors. Many threads may use one encoder."""

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """The longest text that is read to its end."""
        ...

    @property
    def fingerprint(self) -> str:
        """The same for encoders that give the same vectors, and for no other."""
        ...

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage") -> Vectors:
        """Vectors of shape (texts, dimension). Raises `EncoderUnusable`."""
        ...

    def token_spans(self, text: str) -> list[Span]:
        """Where the tokens of a text stand, in order; estimated where only a service knows."""
        ...

    def save(self, folder: Path) -> None:
        """Write all that `open_encoder` needs to open the same encoder."""
        ...


def open_encoder(folder: Path | None, settings: EmbeddingSettings | None = None) -> Encoder:
    """The encoder that was saved in a folder; else the one that the settings describe.

    Raises `EncoderUnusable`.
    """
    if folder is not None and (folder / FILE_NAME).is_file():
        return _saved(folder, read_description(folder))
    if settings is None:
        raise EncoderUnusable(f"{folder}: there is no {FILE_NAME}; build the index again")
    if settings.kind == "sentence_transformers":
        from source.encoder_sentence_transformers import SentenceTransformersEncoder

        place = folder if folder and folder.is_dir() else Path(str(settings.model))
        return SentenceTransformersEncoder.open(place, settings)
    if settings.kind == "sagemaker":
        from source.encoder_sagemaker import SageMakerEncoder

        return SageMakerEncoder.open(settings)
    if settings.kind == "bedrock":
        from source.encoder_bedrock import BedrockEncoder

        return BedrockEncoder.open(settings)
    raise EncoderUnusable(f"{folder}: there is no fitted encoder; Ingest writes it")


def _saved(folder: Path, fields: Mapping[str, Any]) -> Encoder:
    kind = fields.get("kind")
    if kind == "fitted":
        from source.encoder_fitted import FittedEncoder

        return FittedEncoder.load(folder)
    try:
        settings = EmbeddingSettings(
            kind=str(kind),
            model=fields["model"],
            dimension=fields["dimension"],
            batch_size=fields["batch_size"],
            region=fields["region"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise EncoderUnusable(f"{folder / FILE_NAME}: {error}; build the index again") from error
    if kind == "sentence_transformers":
        return _same(open_encoder(folder / "model", settings), fields, folder)
    return _same(open_encoder(None, settings), fields, folder)


def _same(encoder: Encoder, fields: Mapping[str, Any], folder: Path) -> Encoder:
    """Vectors of another encoder would be compared with those of the index, to no meaning."""
    if encoder.fingerprint != fields.get("fingerprint"):
        raise EncoderUnusable(
            f"{folder}: the encoder is not the one that the index was made with "
            f"({encoder.fingerprint[:12]}, not {str(fields.get('fingerprint'))[:12]}); "
            "build the index again"
        )
    return encoder


def read_description(folder: Path) -> dict[str, Any]:
    """The `encoder.json` of a folder. Raises `EncoderUnusable`."""
    path = folder / FILE_NAME
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return dict(fields)
    except (OSError, ValueError, TypeError) as error:
        raise EncoderUnusable(f"{path}: {error}; build the index again") from error


def write_description(folder: Path, fields: Mapping[str, Any]) -> None:
    """Write `encoder.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(fields, indent=2, ensure_ascii=False)
    (folder / FILE_NAME).write_text(text + "\n", encoding="utf-8")


def unit_vectors(values: npt.ArrayLike, texts: int, dimension: int, source: str) -> Vectors:
    """Values as vectors of length 1; zero vectors stay. Raises `EncoderUnusable`."""
    vectors = np.asarray(values, dtype=np.float32)
    if vectors.shape != (texts, dimension):
        raise EncoderUnusable(
            f"{source} answered with an array of shape {vectors.shape} for {texts} texts, where "
            f"{(texts, dimension)} is needed; check embedding.dimension and the model"
        )
    if not np.isfinite(vectors).all():
        raise EncoderUnusable(f"{source} answered with numbers that are not finite")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return unit
