"""Answers by quoting: the sentences of the passages that say most of what is asked, with citations.

This is no language model. It writes nothing of its own, needs no network and always quotes word
for word, so no text in a document can make it do anything but be quoted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from source.answers import Citation
from source.citations import cite
from source.generators import REFUSAL, Draft
from source.passages import Passage
from source.terms import Terms
from source.words import Sentence, content_words, sentences

QUOTES = 3
LONGEST_QUOTE = 600
# What the next passage loses against the one before: retrieval has put them in order for a reason.
RANK_DISCOUNT = 0.97
# A further quote must add this share of what is asked.
LEAST_GAIN = 0.1


@dataclass(frozen=True)
class _Candidate:
    number: int
    sentence: Sentence
    words: frozenset[str]


class ExtractiveGenerator:
    """Quotes up to `QUOTES` sentences, each for what the ones before it left unsaid."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms

    def stream(self, question: str, passages: Sequence[Passage]) -> Iterator[str | Draft]:
        """One piece a quote, then the answer."""
        chosen = self._choose(question, passages)
        citations: list[Citation] = []
        pieces: list[str] = []
        for candidate in chosen:
            citation = cite(passages[candidate.number], candidate.sentence)
            space = "\n\n" if pieces else ""
            # A line break inside a quote is how the document was set, not what it says.
            piece = f"{space}“{' '.join(citation.quote.split())}” [{candidate.number + 1}]"
            citations.append(citation)
            pieces.append(piece)
            yield piece
        if not pieces:
            yield REFUSAL
        yield Draft("".join(pieces) or REFUSAL, tuple(citations), refused=not pieces)

    def _choose(self, question: str, passages: Sequence[Passage]) -> list[_Candidate]:
        asked = set(content_words(question))
        candidates = [
            _Candidate(number, sentence, frozenset(content_words(sentence.text)))
            for number, passage in enumerate(passages)
            for sentence in sentences(passage.text)
            if len(sentence.text) <= LONGEST_QUOTE
        ] or _beginnings(passages)
        chosen: list[_Candidate] = []
        open_words = set(asked)
        while candidates and len(chosen) < QUOTES:
            best = max(candidates, key=lambda one: self._worth(one, asked, open_words))
            gain = self._terms.coverage(asked, best.words & open_words)
            if chosen and gain < LEAST_GAIN:
                break
            chosen.append(best)
            candidates.remove(best)
            open_words -= best.words
        return chosen

    def _worth(self, candidate: _Candidate, asked: set[str], open_words: set[str]) -> float:
        """What it adds; all it has of the question, and its passage's rank, decide among equals."""
        gain = self._terms.coverage(asked, candidate.words & open_words)
        whole = self._terms.coverage(asked, candidate.words)
        return float((gain + 0.1 * whole) * RANK_DISCOUNT**candidate.number)


def _beginnings(passages: Sequence[Passage]) -> list[_Candidate]:
    """Where no sentence is short enough to quote, what fits of the beginning of each passage."""
    return [
        _Candidate(number, Sentence(text, 0, len(text)), frozenset(content_words(text)))
        for number, passage in enumerate(passages)
        if (text := passage.text[:LONGEST_QUOTE])
    ]
