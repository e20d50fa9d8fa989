"""How rare each word is in the indexed passages, so that rare words weigh more than common ones.

The weight is BM25's inverse document frequency. Index writes the counts into the package.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from source.errors import UserError
from source.words import content_words

FILE = "terms.json"


class TermsUnusable(UserError):
    """The file of word counts is absent or damaged."""


@dataclass(frozen=True)
class Terms:
    """In how many of `passages` passages each stem stands."""

    passages: int
    frequencies: Mapping[str, int]

    @classmethod
    def count(cls, texts: Iterable[str]) -> Terms:
        """Count the words of passages."""
        counts: Counter[str] = Counter()
        passages = 0
        for text in texts:
            passages += 1
            counts.update(set(content_words(text)))
        return cls(passages, dict(counts))

    @classmethod
    def load(cls, path: Path) -> Terms:
        """Raises `TermsUnusable`."""
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            return cls(int(document["passages"]), dict(document["frequencies"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TermsUnusable(f"{path}: {error}; build the index again") from error

    def save(self, path: Path) -> None:
        """Write the counts, the same bytes for the same counts."""
        document = {
            "passages": self.passages,
            "frequencies": dict(sorted(self.frequencies.items())),
        }
        path.write_text(json.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8")

    def weight(self, stem: str) -> float:
        """How much a stem says; most for one that stands in no passage."""
        seen = self.frequencies.get(stem, 0)
        return math.log1p((self.passages - seen + 0.5) / (seen + 0.5))

    def coverage(self, asked: Collection[str], said: Collection[str]) -> float:
        """The weighted share of the stems in `asked` that `said` has too: 0 to 1."""
        wanted, there = set(asked), set(said)
        total = sum(map(self.weight, wanted))
        return sum(map(self.weight, wanted & there)) / total if total else 0.0
