"""A request with the answer to expect, with which smoke tests ask an endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from source.evaluate_measure import Answered

JSON = "application/json"


def sample_request(answers: Sequence[Answered], top_k: int) -> dict[str, Any]:
    """A question that is answered from where its answer stands, or else the first.

    What is expected is what stays the same whatever writes the answers: which documents are cited
    and whether the question is refused.
    """

    def worth(one: Answered) -> tuple[bool, bool, str]:
        checked = one.checked
        return (not checked.cites_evidence, checked.refused, one.question.id)

    best = min(answers, key=worth)
    documents = sorted({citation.document for citation in best.answer.citations})
    return {
        "content_type": JSON,
        "body": {
            "question": best.question.question,
            "labels": list(best.question.labels),
            "filters": {},
            "top_k": top_k,
            "stream": False,
        },
        "expected": {
            "citations": [{"document": document} for document in documents],
            "refused": best.answer.refused,
        },
    }
