"""Lexical search: BM25 over the stems of titles, headings and passages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import numpy.typing as npt

from source.scope import Entries, Ranked, Scope
from source.search_words import Analyzer, Numbered
from source.stores import Found, StoreUnusable

ANALYZER = "analyzer.json"
# The usual values; Robertson and Zaragoza, "The probabilistic relevance framework", 2009.
SATURATION, LENGTH = 1.5, 0.75
# To how many columns scores are dealt for each of the best that are asked for.
COLUMNS = 4


@dataclass(frozen=True)
class LexicalIndex:
    """A BM25 index whose rows are those of `entries`."""

    analyzer: Analyzer
    entries: Entries
    index: Any

    @classmethod
    def build(cls, texts: Iterable[str], analyzer: Analyzer, entries: Entries) -> LexicalIndex:
        """Index texts in the order of the entries; the same texts give the same files."""
        found = analyzer.numbered(texts)
        if not found.vocabulary:
            # A corpus of signs alone has no word; the library needs one, which nobody asks for.
            found = Numbered([[0] for _ in found.texts], {"": 0})
        index = bm25s.BM25(method="lucene", k1=SATURATION, b=LENGTH, backend="numpy")
        index.index((found.texts, found.vocabulary), show_progress=False, create_empty_token=False)
        return cls(analyzer, entries, index)

    def search(self, question: str, k: int, scope: Scope) -> list[Found]:
        """At most `k` ids within a scope that share a word with the question, best first."""
        return self.entries.named(self.ranked(question, k, scope))

    def ranked(self, question: str, k: int, scope: Scope) -> Ranked:
        """The same by row."""
        known = self.index.get_tokens_ids(self.analyzer.words(question))
        if not known or not len(self.entries):
            return {}
        scores = self.index.get_scores_from_ids(known)
        admitted = self.entries.admitted(scope)
        if admitted is not None:
            scores *= admitted
        rows = _best(scores, k)
        return dict(zip(rows.tolist(), scores[rows].tolist(), strict=True))

    def save(self, folder: Path) -> None:
        """Write arrays and lists; nothing that could execute when it is read."""
        folder.mkdir(parents=True, exist_ok=True)
        self.index.save(folder, allow_pickle=False, show_progress=False)
        fields = {"language": self.analyzer.language, "rows": len(self.entries)}
        (folder / ANALYZER).write_text(json.dumps(fields) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, entries: Entries) -> LexicalIndex:
        """Raises `StoreUnusable` for files that are absent, damaged, or of other chunks."""
        try:
            fields = json.loads((folder / ANALYZER).read_text(encoding="utf-8"))
            index = bm25s.BM25.load(folder, load_corpus=False, allow_pickle=False)
            rows = int(index.scores["num_docs"])
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise StoreUnusable(f"{folder}: {error}; build the index again") from error
        if rows != len(entries):
            raise StoreUnusable(
                f"{folder}: {rows} rows for {len(entries)} chunks; build the index again"
            )
        return cls(Analyzer(fields["language"]), entries, index)


def _best(scores: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.int64]:
    """The rows of the `k` highest scores above 0, best first; the first row of a tie comes first.

    Scores are dealt to columns: what is less than the k-th highest of these columns' maxima is not
    among the best. That leaves few to put in order, and unlike a partition of all scores it stays
    fast where most of them are 0.
    """
    columns = COLUMNS * k
    depth = len(scores) // columns
    likely = scores > 0
    if depth > 1:
        highest = np.sort(scores[: depth * columns].reshape(depth, columns).max(axis=0))
        if highest[-k] > 0:
            likely = scores >= highest[-k]
    rows = np.flatnonzero(likely)
    best: npt.NDArray[np.int64] = rows[np.argsort(-scores[rows], kind="stable")[:k]]
    return best
