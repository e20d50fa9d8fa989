"""An encoder that is fitted on the corpus itself: latent semantic analysis.

Passages are counted by word (TF-IDF) and reduced to the directions in which they differ most
(truncated singular value decomposition; Deerwester et al., "Indexing by latent semantic analysis",
1990). It needs no model from elsewhere, is deterministic and small. It knows nothing but this
corpus: a pretrained encoder finds paraphrases that this one cannot.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from source.encoder_tokens import word_spans
from source.encoders import (
    EncoderUnusable,
    Kind,
    Span,
    Vectors,
    read_description,
    unit_vectors,
    write_description,
)
from source.search_words import Analyzer

DIMENSION = 256
# Word counts have no limit of their own; a longer passage would be about several things.
MAX_TOKENS = 512
MAX_WORDS = 50_000
# The directions of a large corpus show in a part of it; fitting on all would take hours.
MAX_PASSAGES = 20_000
SEED = 0
# Directions looked for beyond those kept, and how often they are made more precise.
OVERSAMPLING, ITERATIONS = 10, 3
VOCABULARY, WEIGHTS, DIRECTIONS, FITTED_ON = (
    "vocabulary.json",
    "weights.npy",
    "directions.npy",
    "fitted_on.json",
)


@dataclass(frozen=True)
class FittedEncoder:
    """`weights` are inverse document frequencies; `directions` has shape (words, dimension).

    `fitted_on` are the hashes of the documents that it was fitted on, `asked` is the dimension that
    was asked for: a small corpus has fewer directions.
    """

    analyzer: Analyzer
    vocabulary: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    directions: npt.NDArray[np.float32]
    fitted_on: frozenset[str] = field(default_factory=frozenset)
    asked: int = DIMENSION

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return int(self.directions.shape[1])

    @property
    def max_tokens(self) -> int:
        """The longest text, in words and signs."""
        return MAX_TOKENS

    @cached_property
    def fingerprint(self) -> str:
        """Of words, weights and directions."""
        digest = hashlib.sha256(f"fitted {self.analyzer.language}".encode())
        digest.update(json.dumps(self.vocabulary, ensure_ascii=False).encode())
        for array in (self.weights, self.directions):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {word: column for column, word in enumerate(self.vocabulary)}

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage") -> Vectors:
        """Vectors of shape (texts, dimension); passages and questions are treated alike."""
        counted = _weighted(texts, self.analyzer, self._columns, self.weights)
        return unit_vectors(counted @ self.directions, len(texts), self.dimension, "the encoder")

    def token_spans(self, text: str) -> list[Span]:
        """Words and signs."""
        return word_spans(text)

    def save(self, folder: Path) -> None:
        """Write arrays and lists; nothing that could execute when it is read."""
        folder.mkdir(parents=True, exist_ok=True)
        _write_json(folder / VOCABULARY, list(self.vocabulary))
        _write_json(folder / FITTED_ON, sorted(self.fitted_on))
        np.save(folder / WEIGHTS, self.weights, allow_pickle=False)
        np.save(folder / DIRECTIONS, self.directions, allow_pickle=False)
        write_description(
            folder,
            {
                "kind": "fitted",
                "model": None,
                "dimension": self.dimension,
                "asked_dimension": self.asked,
                "max_tokens": self.max_tokens,
                "language": self.analyzer.language,
                "words": len(self.vocabulary),
                "fitted_on_documents": len(self.fitted_on),
                "fingerprint": self.fingerprint,
            },
        )

    @classmethod
    def load(cls, folder: Path) -> FittedEncoder:
        """Raises `EncoderUnusable` for files that are absent or not what was saved."""
        fields = read_description(folder)
        try:
            encoder = cls(
                Analyzer(fields["language"]),
                tuple(json.loads((folder / VOCABULARY).read_text(encoding="utf-8"))),
                np.load(folder / WEIGHTS, allow_pickle=False),
                np.load(folder / DIRECTIONS, allow_pickle=False),
                frozenset(json.loads((folder / FITTED_ON).read_text(encoding="utf-8"))),
                int(fields["asked_dimension"]),
            )
            words = len(encoder.vocabulary)
            fits = encoder.weights.shape == (words,) and encoder.directions.shape[:1] == (words,)
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise EncoderUnusable(f"{folder}: {error}; build the index again") from error
        if not fits or encoder.fingerprint != fields.get("fingerprint"):
            raise EncoderUnusable(
                f"{folder}: its files were not fitted together; build the index again"
            )
        return encoder

    def changed_share(self, documents: Sequence[str]) -> float:
        """The share of documents, by their hashes, that came or went since it was fitted."""
        now = set(documents)
        either = now | self.fitted_on
        return len(now ^ self.fitted_on) / len(either) if either else 0.0


def fit(
    passages: Sequence[str],
    *,
    dimension: int | None = None,
    language: str | None = None,
    fitted_on: Sequence[str] = (),
) -> FittedEncoder:
    """Fit an encoder on passages. Raises `EncoderUnusable` when they have too few words."""
    step = -(-len(passages) // MAX_PASSAGES) or 1
    sample = passages[::step]
    analyzer = Analyzer(language)
    counts: Counter[str] = Counter()
    for text in sample:
        counts.update(set(analyzer.words(text)))
    # A word of one passage says nothing of how passages are alike.
    least = 2 if len(sample) >= 100 else 1
    often = sorted((-count, word) for word, count in counts.items() if count >= least)
    vocabulary = tuple(sorted(word for _, word in often[:MAX_WORDS]))
    asked = dimension or DIMENSION
    size = min(asked, len(sample) - 1, len(vocabulary) - 1)
    if size < 1:
        raise EncoderUnusable(
            f"{len(sample)} passages with {len(vocabulary)} words are too few to fit an encoder "
            "on; bring more documents, or use a pretrained one (embedding.kind)"
        )
    seen = np.array([counts[word] for word in vocabulary], dtype=np.float64)
    weights = (np.log((1 + len(sample)) / (1 + seen)) + 1).astype(np.float32)
    columns = {word: column for column, word in enumerate(vocabulary)}
    matrix = _weighted(sample, analyzer, columns, weights)
    directions = _directions(matrix, size)
    return FittedEncoder(analyzer, vocabulary, weights, directions, frozenset(fitted_on), asked)


def _directions(matrix: Any, size: int) -> npt.NDArray[np.float32]:
    """The `size` directions in which rows differ most, of shape (words, size).

    Randomised truncated SVD (Halko, Martinsson and Tropp, "Finding structure with randomness",
    2011), with a fixed seed and signs that do not depend on the library's.
    """
    width = min(size + OVERSAMPLING, *matrix.shape)
    found = np.random.default_rng(SEED).standard_normal((matrix.shape[1], width))
    for _ in range(ITERATIONS):
        found = matrix.T @ _orthonormal(matrix @ _orthonormal(found))
    right = _orthonormal(found)[:, :size]
    largest = np.abs(right).argmax(axis=0)
    signs = np.sign(right[largest, np.arange(right.shape[1])])
    return np.ascontiguousarray(right * signs, dtype=np.float32)


def _orthonormal(columns: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The directions of some columns, longest first, each of length 1.

    By the eigenvectors of their inner products: a few columns of great length are multiplied much
    faster than they are decomposed.
    """
    values, vectors = np.linalg.eigh(columns.T @ columns)
    values, vectors = values[::-1], vectors[:, ::-1]
    # What is left of the rest is rounding.
    telling = values > values[0] * 1e-12
    unit: npt.NDArray[np.float64] = columns @ (vectors[:, telling] / np.sqrt(values[telling]))
    return unit


def _weighted(
    texts: Sequence[str],
    analyzer: Analyzer,
    columns: dict[str, int],
    weights: npt.NDArray[np.float32],
) -> Any:
    """A sparse matrix (texts, words) of TF-IDF, every row of length 1."""
    from scipy.sparse import csr_matrix

    data: list[float] = []
    indices: list[int] = []
    starts = [0]
    for text in texts:
        counts = Counter(columns[word] for word in analyzer.words(text) if word in columns)
        found = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
        times = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
        # The tenth time that a word is said adds less than the second.
        values = (1 + np.log(times)) * weights[found]
        length = float(np.linalg.norm(values)) or 1.0
        data.extend((values / length).tolist())
        indices.extend(found.tolist())
        starts.append(len(indices))
    shape = (len(texts), len(columns))
    return csr_matrix((np.array(data, dtype=np.float32), indices, starts), shape=shape)


def _write_json(path: Path, values: list[str]) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False) + "\n", encoding="utf-8")
