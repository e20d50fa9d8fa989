"""Finds passages for a question by words, by meaning, and by both, within what a caller may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from source.bm25 import LexicalIndex
from source.chunks import Chunk
from source.encoders import Encoder, Vectors
from source.fusion import Weights, fuse
from source.index_settings import RetrievalSettings
from source.passages import Passage
from source.reranking import Reranker
from source.scope import Ranked, Scope, scope
from source.stores import VectorStore

Way = Literal["hybrid", "bm25", "dense"]
# Question vectors that `remembering` keeps.
REMEMBERED = 4096


@dataclass(frozen=True)
class Retriever:
    """An index that is ready to be asked. Nothing in it changes: many threads may use one."""

    chunks: tuple[Chunk, ...]
    lexical: LexicalIndex
    store: VectorStore
    encoder: Encoder
    settings: RetrievalSettings
    weights: Weights
    reranker: Reranker | None = None
    question_vector: Callable[[str], Vectors] | None = None
    # Searches the vectors by row, where the store's rows are those of the chunks.
    by_row: Callable[[Vectors, int, Scope], Ranked] | None = None

    @classmethod
    def load(cls, folder: Path) -> Retriever:
        """The retriever of a package folder. Raises `UserError` for one that is damaged."""
        from source.package import load_package

        return load_package(folder).retriever

    def search(
        self,
        question: str,
        *,
        top_k: int,
        labels: Iterable[str] = (),
        filters: Mapping[str, Any] | None = None,
    ) -> list[Passage]:
        """The best passages for a question, best first; with the reranker, if there is one.

        `labels` are those of the caller. Raises `UnknownFilter`, and what encoder, store and
        reranker raise.
        """
        wanted = scope(labels, filters, match=self.settings.label_match)
        if self.reranker is None:
            return self._found("hybrid", question, top_k, wanted)
        candidates = self._found("hybrid", question, self.settings.candidates, wanted)
        rows = self.lexical.entries.rows
        texts = [self.chunks[rows[passage.chunk]].searched for passage in candidates]
        scores = self.reranker.scores(question, texts)
        ranked = [
            replace(passage, score=score, scores={**passage.scores, "reranker": score})
            for passage, score in zip(candidates, scores, strict=True)
        ]
        return sorted(ranked, key=lambda passage: -passage.score)[:top_k]

    def search_by(
        self,
        way: Way,
        question: str,
        *,
        top_k: int,
        labels: Iterable[str] = (),
        filters: Mapping[str, Any] | None = None,
    ) -> list[Passage]:
        """The same by one way alone, and without a reranker."""
        wanted = scope(labels, filters, match=self.settings.label_match)
        return self._found(way, question, top_k, wanted)

    def with_weights(self, weights: Weights) -> Retriever:
        """The same index, with other weights."""
        return replace(self, weights=weights)

    def remembering(self) -> Retriever:
        """The same, for asking the same questions many times: each is encoded once."""
        return replace(self, question_vector=lru_cache(REMEMBERED)(self._encode))

    def _found(self, way: Way, question: str, top_k: int, wanted: Scope) -> list[Passage]:
        weights = {
            "hybrid": self.weights.as_dict(),
            "bm25": {"bm25": 1.0},
            "dense": {"dense": 1.0},
        }[way]
        depth = max(top_k, self.settings.candidates) if way == "hybrid" else top_k
        scores: dict[str, Ranked] = {}
        if weights.get("bm25"):
            scores["bm25"] = self.lexical.ranked(question, depth, wanted)
        if weights.get("dense"):
            scores["dense"] = self._dense(question, depth, wanted)
        if way == "hybrid":
            best = fuse(scores, weights, top_k, self.lexical.entries.ids.__getitem__)
            scores["hybrid"] = dict(best)
        return [_passage(self.chunks[row], row, way, scores) for row in scores[way]]

    def _dense(self, question: str, k: int, wanted: Scope) -> Ranked:
        if not question.strip():
            return {}
        vector = (self.question_vector or self._encode)(question)
        # To an encoder that knows no word of it, a question is as near to everything.
        if not vector.any():
            return {}
        if self.by_row is not None:
            return self.by_row(vector, k, wanted)
        rows = self.lexical.entries.rows
        return {rows[name]: score for name, score in self.store.search(vector, k, wanted)}

    def _encode(self, question: str) -> Vectors:
        """A question longer than the encoder reads is cut where it stops reading."""
        spans: Sequence[tuple[int, int]] = self.encoder.token_spans(question)
        if len(spans) > self.encoder.max_tokens:
            question = question[: spans[self.encoder.max_tokens - 1][1]]
        vector: Vectors = self.encoder.encode([question], kind="question")[0]
        return vector


def _passage(chunk: Chunk, row: int, way: Way, scores: Mapping[str, Ranked]) -> Passage:
    return Passage(
        chunk=chunk.id,
        document=chunk.document,
        title=chunk.title,
        headings=chunk.headings,
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        score=scores[way][row],
        scores={name: found[row] for name, found in scores.items() if row in found},
    )
