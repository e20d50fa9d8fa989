"""Weights and the score of refusal are chosen on validation questions, and not by luck."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from answer_index import Entry, answerer, passage
from test_questions import corpus

from source.passages import Passage
from source.question_rules import generate
from source.questions import UNANSWERABLE, Evidence, Question
from source.terms import Terms
from source.tuning import Chosen, choose_min_score, choose_weights

QUESTIONS = [Question(f"q{n}", "question", (Evidence(f"d{n}.md"),)) for n in range(40)]
RIGHT = {q.question: Entry("r", q.evidence[0].document, "", (), "right") for q in QUESTIONS}
WRONG = Entry("w", "wrong.md", "", (), "wrong")


@dataclass(frozen=True)
class Known:
    """Finds the right passage for the questions that its weights are said to be good for."""

    good: Mapping[tuple[float, float], Collection[int]]
    weights: tuple[float, float]

    def search(self, question: str, **scope: Any) -> list[Passage]:
        found = int(question[1:]) in self.good.get(self.weights, range(0))
        return [passage(RIGHT[question] if found else WRONG)]


def chosen(good: Mapping[tuple[float, float], Collection[int]]) -> tuple[float, float, str]:
    return choose_weights(lambda bm25, dense: Known(good, (bm25, dense)), QUESTIONS, "recall_at_5")


def test_a_mix_that_clearly_finds_more_is_taken() -> None:
    bm25, dense, note = chosen({(1, 0): range(25), (0, 1): range(20), (1, 0.5): range(36)})
    assert (bm25, dense) == (1, 0.5)
    assert "on 40 validation questions dense alone gains -0.125" in note
    assert "the best mix gains 0.275 (standard error 0.071) over BM25 alone" in note


def test_bm25_alone_stays_where_nothing_else_is_surely_better() -> None:
    same = {(1, 0): range(30), (0, 1): range(30), (1, 1): range(30)}
    for good in (same, same | {(1, 1): range(20, 50)}, same | {(0, 1): range(20, 50)}):
        bm25, dense, note = chosen(good)
        assert (bm25, dense) == (1, 0) and note.endswith("BM25 alone is taken")


def test_dense_alone_is_taken_where_bm25_finds_little() -> None:
    bm25, dense, note = chosen({(1, 0): range(5), (0, 1): range(35), (1, 1): range(20)})
    assert (bm25, dense) == (0, 1) and note.endswith("dense alone is taken")


def test_a_mix_must_beat_dense_alone_where_that_is_better() -> None:
    """It is far better than BM25 alone, and by no more than chance better than dense alone."""
    mixed = [*range(34), 36, 37]
    good = {(1, 0): range(5), (0, 1): range(35), (0.5, 1): mixed}
    assert chosen(good)[:2] == (0, 1)
    assert chosen({**good, (0.5, 1): range(40)})[:2] == (0.5, 1)


def test_the_luckiest_of_several_mixes_is_not_taken_for_its_luck() -> None:
    """Each finds a fold more than BM25 alone: whichever is best elsewhere gains nothing there."""
    start = set(range(20))
    lucky = {
        weights: [n for n in range(40) if n in start or (n % 5 == fold and n < 35)]
        for fold, weights in enumerate(((1, 1), (1, 0.5), (0.5, 1), (1, 0.25), (0.25, 1)))
    }
    assert all(len(found) > len(start) for found in lucky.values())
    bm25, dense, note = chosen({(1, 0): sorted(start), (0, 1): range(10), **lucky})
    assert (bm25, dense) == (1, 0)
    assert "the best mix gains 0.000" in note


def test_a_handful_of_questions_chooses_nothing() -> None:
    few = choose_weights(lambda bm25, dense: Known({}, (bm25, dense)), QUESTIONS[:5], "mrr")
    assert few[:2] == (1.0, 1.0) and "too few" in few[2]


def test_the_score_of_refusal_tells_both_kinds_apart() -> None:
    chunks = corpus()
    made = generate(chunks, Terms.count(c.text for c in chunks), answerable=30, unanswerable=12)
    asked = [question for question in made if not question.labels]
    limit, note = choose_min_score(answerer(*chunks), asked, top_k=5)
    tuned = answerer(*chunks, min_score=limit)

    def refused(question: Question) -> bool:
        found = tuned.retrieval.search(question.question, top_k=5)
        return tuned.score(question.question, found) < limit

    wrong = [q for q in asked if refused(q) != (q.type == UNANSWERABLE)]
    assert len(wrong) <= len(asked) * 0.15, [q.question for q in wrong]
    assert f"{limit:.2f}" in note


def test_without_unanswerable_questions_the_default_stays() -> None:
    limit, note = choose_min_score(answerer(*corpus()), QUESTIONS, top_k=5)
    assert limit == 0.5 and "too few unanswerable" in note


def test_what_is_chosen_survives_the_package() -> None:
    value = Chosen(1.0, 0.25, 0.4, "why")
    assert Chosen.read(value.as_dict()) == value
    with pytest.raises(KeyError):
        Chosen.read({})
