"""Answers a question: retrieve, decide whether there is an answer, write it, cite.

An `Answerer` holds nothing that changes: it answers from many threads at once. What belongs to one
question lives in local variables and in its trace.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from source import tracing
from source.answers import Answer
from source.generators import REFUSAL, Draft, Generator
from source.passages import Passage
from source.terms import Terms
from source.words import content_words

# The score that decides whether there is an answer.
COVERAGE = "coverage"


class Search(Protocol):
    """What answering needs of retrieval."""

    def search(
        self,
        question: str,
        *,
        top_k: int,
        labels: Sequence[str] = (),
        filters: Mapping[str, Any] | None = None,
    ) -> list[Passage]:
        """The best passages that a caller with these labels may see, best first."""
        ...


class Searched(Protocol):
    """A chunk of the index, or a passage that was found."""

    @property
    def title(self) -> str: ...
    @property
    def headings(self) -> tuple[str, ...]: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True)
class Asked:
    """A question, and whose it is: a caller sees only documents whose labels it has."""

    question: str
    labels: tuple[str, ...] = ()
    filters: Mapping[str, Any] = field(default_factory=dict)
    top_k: int = 5


@dataclass(frozen=True)
class Answerer:
    """Retrieval, generator and the score below which a question is refused."""

    retrieval: Search
    generator: Generator
    terms: Terms
    min_score: float

    def answer(self, asked: Asked) -> Answer:
        """The whole answer. Raises `GenerationFailed`."""
        *_, last = self.stream(asked)
        assert isinstance(last, Answer)
        return last

    def stream(self, asked: Asked) -> Iterator[Sequence[Passage] | str | Answer]:
        """The passages, pieces of text as they are written, and the whole answer at the end."""
        return tracing.in_one_context(lambda: self._stream(asked))

    def score(self, question: str, passages: Sequence[Passage]) -> float:
        """The weighted share of the question's words that the passages have together: 0 to 1."""
        said = {word for passage in passages for word in content_words(searched_text(passage))}
        return self.terms.coverage(content_words(question), said)

    def _stream(self, asked: Asked) -> Iterator[Sequence[Passage] | str | Answer]:
        seconds: dict[str, float] = {}
        inputs = {
            "question": asked.question,
            "labels": list(asked.labels),
            "filters": dict(asked.filters),
            "top_k": asked.top_k,
        }
        with tracing.span("answer", "CHAIN", inputs) as whole:
            began = time.perf_counter()
            passages = self._retrieve(asked)
            seconds["retrieval"] = time.perf_counter() - began
            yield passages
            score = self.score(asked.question, passages)
            began = time.perf_counter()
            draft = Draft(REFUSAL, (), refused=True)
            if passages and score >= self.min_score:
                for item in self._generate(asked.question, passages):
                    if isinstance(item, Draft):
                        draft = item
                    else:
                        yield item
            else:
                yield REFUSAL
            seconds["generation"] = time.perf_counter() - began
            answer = Answer(
                answer=draft.text,
                citations=draft.citations,
                passages=tuple(passages),
                refused=draft.refused,
                scores={
                    COVERAGE: score,
                    "min_score": self.min_score,
                    "best": passages[0].score if passages else 0.0,
                },
                trace_id=whole.trace_id,
                usage=draft.usage,
                seconds=seconds,
                intervened=draft.intervened,
            )
            whole.gave({**answer.as_dict(), "seconds": seconds, "intervened": draft.intervened})
        yield answer

    def _retrieve(self, asked: Asked) -> list[Passage]:
        given = {"question": asked.question, "top_k": asked.top_k}
        with tracing.span("retrieve", "RETRIEVER", given) as step:
            passages = self.retrieval.search(
                asked.question, top_k=asked.top_k, labels=asked.labels, filters=asked.filters
            )
            step.gave({"passages": [passage.as_dict() for passage in passages]})
        return passages

    def _generate(self, question: str, passages: Sequence[Passage]) -> Iterator[str | Draft]:
        given = {"question": question, "passages": [passage.chunk for passage in passages]}
        with tracing.span("generate", "LLM", given) as step:
            for item in self.generator.stream(question, passages):
                if isinstance(item, Draft):
                    usage = {
                        "input_tokens": item.usage.input_tokens,
                        "output_tokens": item.usage.output_tokens,
                    }
                    step.gave({"text": item.text, "refused": item.refused, "usage": usage})
                yield item


def searched_text(passage: Searched) -> str:
    """All that a passage says, by which it is found: its words, and where they stand."""
    return " ".join((passage.title, *passage.headings, passage.text))
