"""Judges by configuration: what they are shown, what a grade is, and when they fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from answer_index import INJECTED, LEAVE, answerer
from test_questions import Writer

from source.answering import Asked
from source.answers import Answer
from source.evaluate_settings import ModelSettings, evaluate_settings
from source.judge import JudgeFailed, grade
from source.prompts import load_prompts
from source.questions import Evidence, Question
from source.settings import SettingsError

PROMPTS = load_prompts(Path(__file__).resolve().parent.parent / "prompts")
SETTINGS = ModelSettings("vendor.judge")
QUESTION = Question("How long does parental leave last?", "question", (Evidence("hr/leave.md"),))


def answers(count: int) -> list[tuple[Question, Answer]]:
    answer = answerer(LEAVE, INJECTED, min_score=0.0).answer(Asked(QUESTION.question))
    return [(QUESTION, answer)] * count


def test_grades_become_shares_and_material_stays_material() -> None:
    replies = ["It is so.\nGrade: 5", "Beside the point.\nGrade: 2"]
    client = Writer(*replies)
    found = grade(answers(1), SETTINGS, PROMPTS, client)
    assert found.grades == {"faithfulness": (1.0,), "relevance": (0.25,)} and not found.ungraded
    first, second = client.requests
    assert first["system"] == [{"text": PROMPTS["judge_faithfulness"].system}]
    text = first["messages"][0]["content"][0]["text"]
    assert text.count("</passages>") == text.count("</answer>") == 1
    assert text.index("HACKED") < text.index("</passages>")
    assert "<passages>" not in second["messages"][0]["content"][0]["text"]


def test_an_answer_without_both_grades_is_left_out() -> None:
    client = Writer("Grade: 4", "Grade: 4", "Grade: 1 to 5", "Grade: 3", "Grade: 2", "Grade: 3")
    found = grade(answers(3), SETTINGS, PROMPTS, client)
    assert found.ungraded == 1 and found.grades["faithfulness"] == (0.75, 0.25)


def test_refusals_are_not_graded_and_the_number_is_limited() -> None:
    refused = replace(answers(1)[0][1], refused=True)
    asked = [(QUESTION, refused), *answers(5)]
    client = Writer(*["Grade: 3"] * 4)
    found = grade(asked, replace(SETTINGS, max_questions=2), PROMPTS, client)
    assert len(found.grades["relevance"]) == 2 and client.replies == []


def test_a_judge_that_does_not_grade_fails() -> None:
    with pytest.raises(JudgeFailed, match=r"vendor\.judge gave no grade to 2 of 2"):
        grade(answers(2), SETTINGS, PROMPTS, Writer(*["Very nice."] * 4))
    with pytest.raises(JudgeFailed, match="judge_relevance missing"):
        fewer = {name: one for name, one in PROMPTS.items() if name != "judge_relevance"}
        grade(answers(1), SETTINGS, fewer, Writer())


def test_judges_are_off_unless_they_are_named() -> None:
    assert evaluate_settings({}).judges is None
    given = {"evaluate": {"judges": {"model_id": "m", "max_questions": 7}}}
    assert evaluate_settings(given).judges == ModelSettings("m", max_questions=7)
    with pytest.raises(SettingsError, match="model_id is empty"):
        evaluate_settings({"evaluate": {"judges": {"model_id": ""}}})
