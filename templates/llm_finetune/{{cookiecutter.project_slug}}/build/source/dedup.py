"""Finds rows that say the same: exact copies by their hash, near ones by shared word triples.

Near duplicates are estimated with MinHash: two sets of word triples agree in about as many of
their smallest hashes as they have triples in common (Broder, "On the resemblance and containment
of documents", 1997). Only rows that agree in a whole band of hashes are compared.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from source.rows import Row

HASHES, BANDS = 64, 16
SIMILAR = 0.8
# A triple whose hash is the smallest says nothing in texts of two words: those are compared whole.
WORDS = 3
PRIME = np.uint64((1 << 61) - 1)

Signatures = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Duplicates:
    """Positions of the rows to keep, and how many were left out or are much alike.

    `near` counts rows of those kept that resemble an earlier one; `conflicting` those whose prompt
    an earlier row answers otherwise.
    """

    kept: tuple[int, ...]
    exact: int
    near: int
    conflicting: int


def find_duplicates(rows: Sequence[Row], *, remove: bool) -> Duplicates:
    """Exact copies are left out when `remove` is set, the first one stays."""
    seen: set[str] = set()
    kept, exact = [], 0
    for position, row in enumerate(rows):
        if row.id in seen:
            exact += 1
            if remove:
                continue
        seen.add(row.id)
        kept.append(position)
    prompts: dict[tuple[object, ...], str] = {}
    conflicting = sum(
        prompts.setdefault(rows[position].prompt, rows[position].answer) != rows[position].answer
        for position in kept
    )
    near = len(resembling([plain_text(rows[position]) for position in kept]))
    return Duplicates(tuple(kept), exact, near, conflicting)


def plain_text(row: Row) -> str:
    """The words of a row, without its system prompt."""
    return " ".join(message.content for message in row.messages if message.role != "system")


def normalised(text: str) -> str:
    """Words in lower case with single spaces: case, punctuation and spacing do not count."""
    return " ".join(re.findall(r"\w+", text.casefold())) or text


def resembling(texts: Sequence[str], others: Sequence[str] | None = None) -> set[int]:
    """Positions of texts that resemble one of `others`, or an earlier text when None is given."""
    if not texts:
        return set()
    first = len(others or ())
    signatures = _signatures([*(others or ()), *texts])
    found: set[int] = set()
    rows_per_band = HASHES // BANDS
    for band in range(BANDS):
        part = signatures[:, band * rows_per_band : (band + 1) * rows_per_band]
        _, bucket = np.unique(part, axis=0, return_inverse=True)
        earliest: dict[int, int] = {}
        for position, number in enumerate(bucket.reshape(-1)):
            # Comparing with the bucket's first row keeps this linear in the number of rows.
            reference = earliest.setdefault(int(number), position)
            if position < first or reference == position or position - first in found:
                continue
            if others is not None and reference >= first:
                continue
            if float((signatures[position] == signatures[reference]).mean()) >= SIMILAR:
                found.add(position - first)
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
        signatures[position] = ((hashes[:, None] * factors + offsets) % PRIME).min(axis=0)
    return signatures
