"""Finds texts that resemble each other by the word triples that they share.

The share is estimated with MinHash: two sets of word triples agree in about as many of their
smallest hashes as they have triples in common (Broder, "On the resemblance and containment of
documents", 1997). Only texts that agree in a whole band of hashes are compared.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

HASHES, BANDS = 64, 16
SIMILAR = 0.8
# A triple whose hash is the smallest says nothing in texts of two words: those are compared whole.
WORDS = 3
PRIME = np.uint64((1 << 61) - 1)
# Triples hashed at a time, so that a long text takes no more memory than a short one.
BLOCK = 1 << 14

Signatures = npt.NDArray[np.uint64]


def normalised(text: str) -> str:
    """Words in lower case with single spaces: case, punctuation and spacing do not count."""
    return " ".join(re.findall(r"\w+", text.casefold())) or text


def resembling(
    texts: Sequence[str], others: Sequence[str] | None = None, *, similar: float = SIMILAR
) -> dict[int, int]:
    """Positions of texts that resemble one of `others`, or an earlier text when None is given.

    Each comes with the position of what it resembles, in `others` or in `texts`. `similar` is the
    share of word triples that two texts must have in common, from above 0 to 1.
    """
    if not texts:
        return {}
    first = len(others or ())
    signatures = _signatures([*(others or ()), *texts])
    found: dict[int, int] = {}
    rows_per_band = HASHES // BANDS
    for band in range(BANDS):
        part = signatures[:, band * rows_per_band : (band + 1) * rows_per_band]
        _, bucket = np.unique(part, axis=0, return_inverse=True)
        earliest: dict[int, int] = {}
        for position, number in enumerate(bucket.reshape(-1)):
            # Comparing with the bucket's first text keeps this linear in the number of texts.
            reference = earliest.setdefault(int(number), position)
            if position < first or reference == position or position - first in found:
                continue
            if others is not None and reference >= first:
                continue
            if float((signatures[position] == signatures[reference]).mean()) >= similar:
                found[position - first] = reference
    return found


def _signatures(texts: Sequence[str]) -> Signatures:
    """HASHES smallest hashes of each text's word triples; shape (texts, HASHES)."""
    random = np.random.default_rng(0)
    factors = random.integers(1, 1 << 31, HASHES, dtype=np.uint64)
    offsets = random.integers(0, 1 << 31, HASHES, dtype=np.uint64)
    signatures = np.empty((len(texts), HASHES), dtype=np.uint64)
    for position, text in enumerate(texts):
        words = normalised(text).split(" ")
        triples = {
            " ".join(words[start : start + WORDS])
            for start in range(max(1, len(words) - WORDS + 1))
        }
        hashes = np.array([zlib.crc32(triple.encode()) for triple in triples], dtype=np.uint64)
        # Below 2^64: factors are below 2^31, checksums below 2^32.
        signatures[position] = np.min(
            [
                ((hashes[start : start + BLOCK, None] * factors + offsets) % PRIME).min(axis=0)
                for start in range(0, len(hashes), BLOCK)
            ],
            axis=0,
        )
    return signatures
