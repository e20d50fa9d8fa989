"""A request with the answer to expect, and what else smoke tests must know of the corpus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from source.answering import COVERAGE
from source.application import Application
from source.chunks import Chunk
from source.evaluate_measure import Answered
from source.serving_request import LONGEST_QUESTION, MOST_PASSAGES

JSON = "application/json"


def sample_request(answers: Sequence[Answered], application: Application) -> dict[str, Any]:
    """A question that is answered from where its answer stands, or else the first.

    What is expected is what stays the same whatever writes the answers: that the document with the
    answer is cited, perhaps among others, and whether the question is refused.
    """

    def worth(one: Answered) -> tuple[bool, bool, str]:
        checked = one.checked
        return (not checked.cites_evidence, checked.refused, one.question.id)

    best = min(answers, key=worth)
    chunks = {chunk.id: chunk for chunk in application.retriever.chunks}
    return {
        "content_type": JSON,
        "body": {
            "question": best.question.question,
            "labels": list(best.question.labels),
            "filters": {},
            "top_k": application.top_k,
            "stream": False,
        },
        "expected": {
            "citations": [{"document": document} for document in _documents(best, chunks)],
            "refused": best.answer.refused,
        },
        "lists": "contain",
        "cases": cases(answers, chunks, application.prompts["answer"].system),
    }


def cases(
    answers: Sequence[Answered], chunks: Mapping[str, Chunk], instructions: str
) -> dict[str, Any]:
    """What the smoke tests of this use case ask about, as plain JSON.

    - `documents`: the ids of the documents in the index, all of them.
    - `unanswerable`: the refused question that was furthest from an answer, or null.
    - `labelled`: a question whose cited document needs labels, the labels, and that document; null
      where no question was answered from such a document.
    - `instructions`: the lines of the system prompt, none of which an answer may tell.
    - `limits`: the most characters of a question, and the most passages that can be asked for.
    """
    refused = [one for one in answers if one.answer.refused and not one.question.answerable]
    furthest = min(
        refused, key=lambda one: (one.answer.scores[COVERAGE], one.question.id), default=None
    )
    return {
        "documents": sorted({chunk.document for chunk in chunks.values()}),
        "unanswerable": furthest.question.question if furthest else None,
        "labelled": _labelled(answers, chunks),
        "instructions": [line.strip() for line in instructions.splitlines() if line.strip()],
        "limits": {"question": LONGEST_QUESTION, "top_k": MOST_PASSAGES},
    }


def _cited(one: Answered, chunks: Mapping[str, Chunk]) -> list[Chunk]:
    return [chunks[cited.passage] for cited in one.answer.citations if cited.passage in chunks]


def _documents(one: Answered, chunks: Mapping[str, Chunk]) -> list[str]:
    """The cited documents that have the answer; where none does, all that are cited."""
    cited = _cited(one, chunks)
    right = [chunk for chunk in cited if any(e.is_in(chunk) for e in one.question.evidence)]
    return sorted({chunk.document for chunk in right or cited})


def _labelled(answers: Sequence[Answered], chunks: Mapping[str, Chunk]) -> dict[str, Any] | None:
    for one in sorted(answers, key=lambda one: (not one.checked.cites_evidence, one.question.id)):
        for chunk in _cited(one, chunks):
            if chunk.labels:
                return {
                    "question": one.question.question,
                    "labels": list(one.question.labels),
                    "document": chunk.document,
                }
    return None
