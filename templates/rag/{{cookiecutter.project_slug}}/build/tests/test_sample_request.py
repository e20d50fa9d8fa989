"""The sample request says what is so: smoke tests in another repository rely on every word."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from answer_package import built, questions

from source.answering import Asked
from source.application import Application, open_application
from source.chunks import Chunk
from source.evaluate_measure import Answered, answer_all
from source.sample_request import cases, sample_request
from source.serving_request import QuestionRequest

pytestmark = pytest.mark.xdist_group("answers")


@pytest.fixture(scope="module")
def application() -> Application:
    return open_application(built() / "package")


@pytest.fixture(scope="module")
def answers(application: Application) -> list[Answered]:
    chunks = application.retriever.chunks
    return answer_all(application.answerer, questions(), chunks, application.top_k)


@pytest.fixture(scope="module")
def sample(answers: list[Answered], application: Application) -> dict[str, Any]:
    """As a file holds it."""
    return dict(json.loads(json.dumps(sample_request(answers, application))))


def by_id(application: Application) -> dict[str, Chunk]:
    return {chunk.id: chunk for chunk in application.retriever.chunks}


def test_the_document_with_the_answer_is_expected(
    sample: dict[str, Any], application: Application
) -> None:
    asked = QuestionRequest.model_validate(sample["body"]).asked(1)
    answer = application.answerer.answer(asked).as_dict()
    (expected,) = sample["expected"]["citations"]
    # "How are parcel rules agreed on in sales?" is answered by the handbook of sales.
    assert asked.question.rstrip("?").split()[-1] in expected["document"]
    assert expected["document"] in {cited["document"] for cited in answer["citations"]}
    assert answer["refused"] is sample["expected"]["refused"] is False
    assert sample["lists"] == "contain", "what else is cited is the generator's choice"


def test_where_nothing_cited_has_the_answer_all_that_is_cited_is_expected(
    answers: list[Answered], application: Application
) -> None:
    lost = [
        replace(
            one,
            question=replace(one.question, evidence=()),
            checked=replace(one.checked, cites_evidence=False),
        )
        for one in answers
        if one.answer.citations
    ]
    first = min(lost, key=lambda one: one.question.id)
    expected = sample_request(lost, application)["expected"]["citations"]
    cited = {citation.document for citation in first.answer.citations}
    assert [entry["document"] for entry in expected] == sorted(cited)


def test_every_document_is_named(sample: dict[str, Any]) -> None:
    documents = sample["cases"]["documents"]
    assert len(documents) == 6 and {"board/board.md", "public/sales.md"} < set(documents)


def test_the_unanswerable_question_is_far_from_an_answer(
    sample: dict[str, Any], application: Application
) -> None:
    question = sample["cases"]["unanswerable"]
    assert question.endswith("swims to Iceland?")
    for labels in ((), ("board", "public")):
        answer = application.answerer.answer(Asked(question, labels))
        assert answer.refused and not answer.citations


def test_the_labelled_document_is_found_with_the_labels_only(
    sample: dict[str, Any], application: Application
) -> None:
    case = sample["cases"]["labelled"]
    hidden = application.answerer.answer(Asked(case["question"], (), {}, 50))
    assert case["document"] not in {passage.document for passage in hidden.passages}
    shown = application.answerer.answer(Asked(case["question"], tuple(case["labels"])))
    assert case["document"] in {citation.document for citation in shown.citations}


def test_what_an_answer_must_not_tell_is_the_system_prompt(
    sample: dict[str, Any], application: Application
) -> None:
    told = sample["cases"]["instructions"]
    assert "\n".join(told).split() == application.prompts["answer"].system.split()
    assert sample["cases"]["limits"] == {"question": 4000, "top_k": 50}


def test_a_corpus_without_labels_or_refusals_has_no_such_case(
    answers: list[Answered], application: Application
) -> None:
    chunks = {name: replace(chunk, labels=()) for name, chunk in by_id(application).items()}
    answered = [one for one in answers if not one.answer.refused]
    found = cases(answered, chunks, "")
    assert found["labelled"] is None and found["unanswerable"] is None
    assert found["instructions"] == []
