"""Citations: where a quote stands in its document, and what an answer's [1] and [2] mean."""

from __future__ import annotations

import re
from collections.abc import Sequence

from source.answers import Citation
from source.passages import Passage
from source.words import Sentence, content_words, sentences

MARK = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")


def cite(passage: Passage, sentence: Sentence) -> Citation:
    """A citation of a part of a passage; `sentence` has offsets into the passage's text."""
    # Where a passage's text is not the plain slice of its document, only the whole is known.
    exact = passage.end - passage.start == len(passage.text)
    return Citation(
        document=passage.document,
        title=passage.title,
        passage=passage.chunk,
        start=passage.start + sentence.start if exact else passage.start,
        end=passage.start + sentence.end if exact else passage.end,
        quote=sentence.text,
    )


def citations_of(text: str, passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """The citations that a language model's answer makes by number; unknown numbers make none.

    The quote is the passage's sentence that has most words of the cited statement. Each passage
    and sentence is cited once.
    """
    found: dict[tuple[str, int], Citation] = {}
    for statement, numbers in statements(text):
        for number in numbers:
            if 1 <= number <= len(passages):
                passage = passages[number - 1]
                citation = cite(passage, _closest(passage, statement))
                found.setdefault((citation.passage, citation.start), citation)
    return tuple(found.values())


def statements(text: str) -> list[tuple[str, tuple[int, ...]]]:
    """The sentences of an answer without marks, each with the numbers that it cites."""
    found: list[tuple[str, tuple[int, ...]]] = []
    for sentence in sentences(text):
        plain = MARK.sub("", sentence.text).strip()
        numbers = tuple(
            int(part) for mark in MARK.findall(sentence.text) for part in mark.split(",")
        )
        if not plain.strip(" .") and found:
            # Marks after the full stop belong to the sentence before.
            found[-1] = (found[-1][0], found[-1][1] + numbers)
        elif plain:
            found.append((plain, numbers))
    return found


def _closest(passage: Passage, statement: str) -> Sentence:
    wanted = set(content_words(statement))
    parts = sentences(passage.text) or [Sentence(passage.text, 0, len(passage.text))]
    return max(parts, key=lambda part: len(wanted & set(content_words(part.text))))
