"""The questions that went worst, with all that is needed to see why."""

from __future__ import annotations

from typing import Any

from source.evaluate_measure import HYBRID, Answered
from source.evaluation import Evaluation
from source.passages import Passage
from source.ranking_metrics import first_ranks

COUNT = 25
SHOWN_PASSAGES = 3
SHOWN_TEXT = 300


def worst_queries(found: Evaluation, count: int = COUNT) -> list[dict[str, Any]]:
    """First questions whose evidence was not found, then wrong refusals and wrong answers."""
    answers = {one.question.id: one for one in found.answers}
    ndcg = found.scores[HYBRID]["ndcg_at_10"]
    rows: list[tuple[float, dict[str, Any]]] = []
    for index, question in enumerate(found.answerable):
        passages = found.ranked.passages[HYBRID][index]
        one = answers[question.id]
        worth = float(ndcg[index]) - (0.5 if one.checked.refused else 0.0)
        if worth >= 1.0 and one.checked.cites_evidence:
            continue
        ranks = {
            way: first_ranks(question.evidence, each[index])
            for way, each in found.ranked.passages.items()
        }
        rows.append((worth, _row(one, passages, _reason(one, ranks[HYBRID])) | {"ranks": ranks}))
    for one in found.answers:
        if not one.question.answerable and not one.checked.refused:
            reason = "answered although the documents have no answer"
            rows.append((0.25, _row(one, one.answer.passages, reason) | {"ranks": {}}))
    rows.sort(key=lambda row: (row[0], row[1]["question"]))
    return [row for _, row in rows[:count]]


def _reason(one: Answered, ranks: list[int | None]) -> str:
    if not any(ranks):
        return "not found" + (" and refused" if one.checked.refused else "")
    if one.checked.refused:
        return "found, but refused"
    if not one.checked.cites_evidence:
        return f"found at rank {min(rank for rank in ranks if rank)}, but not cited"
    return f"found at rank {min(rank for rank in ranks if rank)}"


def _row(one: Answered, passages: tuple[Passage, ...], reason: str) -> dict[str, Any]:
    return {
        "question": one.question.question,
        "type": one.question.type,
        "reason": reason,
        "expected": [
            {"document": evidence.document, "heading": evidence.heading, "quote": evidence.quote}
            for evidence in one.question.evidence
        ],
        "found": [
            {
                "document": passage.document,
                "headings": list(passage.headings),
                "score": passage.score,
                "text": passage.text[:SHOWN_TEXT],
            }
            for passage in passages[:SHOWN_PASSAGES]
        ],
        "answer": one.answer.answer,
        "refused": one.answer.refused,
        "coverage": one.answer.scores.get("coverage"),
    }
