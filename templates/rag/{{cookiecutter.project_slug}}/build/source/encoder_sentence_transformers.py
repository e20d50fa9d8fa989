"""Any sentence-transformers model from a local folder; it travels in the package.

The library is not among the requirements, because it brings torch: whoever sets
`embedding.kind: sentence_transformers` adds it to requirements.in and source/requirements.txt.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from source.encoders import (
    EncoderUnusable,
    Kind,
    Span,
    Vectors,
    unit_vectors,
    write_description,
)
from source.index_settings import EmbeddingSettings

# The names that models give to what must stand before a text.
PROMPTS = {"passage": ("document", "passage"), "question": ("query", "question")}


@dataclass(frozen=True)
class SentenceTransformersEncoder:
    """A model and the folder that it came from; `max_tokens` are those left for the text."""

    folder: Path
    model: Any
    dimension: int
    max_tokens: int
    fingerprint: str
    batch_size: int
    truncate: int | None

    @classmethod
    def open(cls, folder: Path, settings: EmbeddingSettings) -> SentenceTransformersEncoder:
        """Load a model. Raises `EncoderUnusable`."""
        if not (folder / "modules.json").is_file():
            raise EncoderUnusable(
                f"{folder}: there is no sentence-transformers model (no modules.json); put the "
                "model's folder there, or change embedding.model"
            )
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise EncoderUnusable(
                f"embedding.kind is sentence_transformers, and the library cannot be imported "
                f"({error}): add sentence-transformers to requirements.in and "
                "source/requirements.txt"
            ) from error
        try:
            model = SentenceTransformer(
                str(folder), local_files_only=True, truncate_dim=settings.dimension
            )
            first = model.encode([""], show_progress_bar=False)
            limit = _limit(model)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise EncoderUnusable(f"{folder}: the model cannot be used: {error}") from error
        return cls(
            folder=folder,
            model=model,
            dimension=int(first.shape[1]),
            max_tokens=limit,
            fingerprint=_fingerprint(folder, settings.dimension),
            batch_size=settings.batch_size,
            truncate=settings.dimension,
        )

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage") -> Vectors:
        """Vectors of shape (texts, dimension). Raises `EncoderUnusable`."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        values = self.model.encode(
            list(texts),
            batch_size=self.batch_size,
            prompt_name=_prompt(self.model, kind),
            show_progress_bar=False,
        )
        return unit_vectors(values, len(texts), self.dimension, str(self.folder))

    def token_spans(self, text: str) -> list[Span]:
        """By the model's own tokenizer."""
        return _spans(self.model, text)

    def save(self, folder: Path) -> None:
        """Copy the model."""
        shutil.copytree(self.folder, folder / "model", dirs_exist_ok=True)
        write_description(
            folder,
            {
                "kind": "sentence_transformers",
                "model": str(self.folder),
                "dimension": self.truncate,
                "max_tokens": self.max_tokens,
                "batch_size": self.batch_size,
                "region": None,
                "fingerprint": self.fingerprint,
            },
        )


def _prompt(model: Any, kind: Kind) -> str | None:
    prompts = getattr(model, "prompts", None) or {}
    return next((name for name in PROMPTS[kind] if prompts.get(name)), None)


def _limit(model: Any) -> int:
    """What the model reads, less the special tokens and the longest prompt."""
    longest = int(model.get_max_seq_length() or 512)
    special = len(model.tokenizer("")["input_ids"])
    prompts = (getattr(model, "prompts", None) or {}).values()
    return longest - special - max([len(_spans(model, prompt)) for prompt in prompts] or [0])


def _spans(model: Any, text: str) -> list[Span]:
    found = model.tokenizer(
        text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
    )["offset_mapping"]
    return [(int(start), int(end)) for start, end in found if end > start]


def _fingerprint(folder: Path, dimension: int | None) -> str:
    digest = hashlib.sha256(f"sentence_transformers {dimension}".encode())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
