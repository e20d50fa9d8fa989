"""Lexical search: BM25 over the stems of titles, headings and passages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from source.scope import Entries, Scope
from source.search_words import Analyzer
from source.stores import Found, StoreUnusable

ANALYZER = "analyzer.json"
# The usual values; Robertson and Zaragoza, "The probabilistic relevance framework", 2009.
SATURATION, LENGTH = 1.5, 0.75


@dataclass(frozen=True)
class LexicalIndex:
    """A BM25 index whose rows are those of `entries`."""

    analyzer: Analyzer
    entries: Entries
    index: Any

    @classmethod
    def build(cls, texts: Sequence[str], analyzer: Analyzer, entries: Entries) -> LexicalIndex:
        """Index texts in the order of the entries; the same texts give the same files."""
        import bm25s

        words = [analyzer.words(text) for text in texts]
        vocabulary = {
            word: number for number, word in enumerate(sorted({w for row in words for w in row}))
        }
        numbers = [[vocabulary[word] for word in row] for row in words]
        if not vocabulary:
            # A corpus of signs alone has no word; the library needs one, which nobody asks for.
            vocabulary, numbers = {"": 0}, [[0] for _ in words]
        index = bm25s.BM25(method="lucene", k1=SATURATION, b=LENGTH, backend="numpy")
        index.index((numbers, vocabulary), show_progress=False, create_empty_token=False)
        return cls(analyzer, entries, index)

    def search(self, question: str, k: int, scope: Scope) -> list[Found]:
        """At most `k` ids within a scope that share a word with the question, best first."""
        known = self.index.vocab_dict
        words = [word for word in self.analyzer.words(question) if word in known]
        if not words or not len(self.entries):
            return []
        scores = self.index.get_scores(words)
        admitted = self.entries.admitted(scope)
        if admitted is not None:
            scores = np.where(admitted, scores, 0)
        rows = np.flatnonzero(scores > 0)
        if len(rows) > k:
            # As many as tie with the last one, so that ties are broken by row below.
            least = np.partition(scores[rows], len(rows) - k)[len(rows) - k]
            rows = rows[scores[rows] >= least]
        best = rows[np.lexsort((rows, -scores[rows]))][:k]
        return [(self.entries.ids[row], float(scores[row])) for row in best]

    def save(self, folder: Path) -> None:
        """Write arrays and lists; nothing that could execute when it is read."""
        folder.mkdir(parents=True, exist_ok=True)
        self.index.save(folder, allow_pickle=False, show_progress=False)
        fields = {"language": self.analyzer.language, "rows": len(self.entries)}
        (folder / ANALYZER).write_text(json.dumps(fields) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, entries: Entries) -> LexicalIndex:
        """Raises `StoreUnusable` for files that are absent, damaged, or of other chunks."""
        import bm25s

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
