"""What people send that nobody meant: too much, nothing, and every script there is."""

import json
from typing import Any

import pytest
from answer_cases import (
    JSON,
    answered,
    ask,
    asking,
    cases_of,
    check_citations,
    question_of,
)

from operations.prediction_target import Target
from operations.sample_request import SampleRequest

SCRIPTS = {
    "umlauts": "Wie groß dürfen Übungsräume höchstens sein, und wer prüft das Maß?",
    "decomposed": "Wie gro\u00df du\u0308rfen U\u0308bungsra\u0308ume sein?",
    "chinese": "这些文件里关于休假的规定是什么",
    "japanese": "育児休業は何週間ですか",
    "emoji": "How do I 🐍 a 👩‍👩‍👧‍👦 list? 🎉🎉🎉",
    "right to left": "ما هي القواعد؟ \u202eabc\u202c מהם הכללים",
    "zero width": "How\u200b do\u200d I\u2060 for\ufeffmat?",
    "controls": "How do\x00 I\x1b[31m format\x7f?",
    "many lines": "How\r\ndo\tI\n\n\nformat\u2028this?",
}


def test_a_question_over_the_limit_is_refused_clearly(
    target: Target, sample: SampleRequest
) -> None:
    limit = cases_of(sample).limits.question
    for length in (limit + 1, 100 * limit):
        answer = ask(target, long_question(sample, length))
        assert answer.status in (400, 413), f"{length} characters: {answer.status}"
        assert str(limit).encode() in answer.body, "the answer should say what the limit is"


def test_a_question_up_to_the_limit_is_answered(target: Target, sample: SampleRequest) -> None:
    cases = cases_of(sample)
    document = answered(target, long_question(sample, cases.limits.question))
    check_citations(document, cases)


def long_question(sample: SampleRequest, length: int) -> dict[str, Any]:
    """The sample's question over and over, in so many characters."""
    question = f"{question_of(sample)} "
    repeated = (question * (length // len(question) + 1))[: length - 1] + "?"
    return asking(sample, repeated)


@pytest.mark.parametrize(
    "body",
    [
        {"question": ""},
        {"question": " \t\r\n\u00a0\u3000"},
        {"question": None},
        {"question": ["how", "many"]},
        {},
        [],
    ],
    ids=["empty", "blank", "null", "list", "no question", "no object"],
)
def test_no_question_is_the_callers_error(target: Target, body: object) -> None:
    answer = ask(target, body)
    assert 400 <= answer.status < 500, f"{answer.status}: {answer.body[:200]!r}"
    assert answer.body.strip(), "the answer should say what is wrong"


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_answered_or_refused(
    target: Target, sample: SampleRequest, script: str
) -> None:
    cases = cases_of(sample)
    for question in (SCRIPTS[script], f"{question_of(sample)} {SCRIPTS[script]}"):
        # As it is, and as JSON may spell it.
        for escaped in (False, True):
            body = json.dumps(asking(sample, question), ensure_ascii=escaped)
            answer = target.invoke(body.encode(), JSON)
            assert answer.status == 200, f"{answer.status}: {answer.body[:300]!r}"
            check_citations(json.loads(answer.body), cases)


def test_half_a_character_is_no_failure_of_the_server(target: Target) -> None:
    answer = target.invoke(b'{"question": "How do I \\ud83d format?"}', JSON)
    assert answer.status == 200 or 400 <= answer.status < 500, answer.body.decode()
