"""A model on Amazon Bedrock that grades answers; off unless evaluate.judges is set.

It grades from 1 to 5 whether an answer says only what its passages say, and whether it answers the
question; the prompts are files. Grades become 0 to 1. A reply without a grade is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from source.answers import Answer
from source.bedrock_reply import patient_client, reply
from source.context import context, material
from source.errors import UserError
from source.evaluate_settings import ModelSettings
from source.prompts import Prompt
from source.questions import Question

LOWEST, HIGHEST = 1, 5
GRADE = re.compile(r"\bgrade\W{1,6}([1-5])\b(?!\s*(?:\.\d|to\b|-))", re.IGNORECASE)
PROMPTS = {"faithfulness": "judge_faithfulness", "relevance": "judge_relevance"}


class JudgeFailed(UserError):
    """Too few replies hold a grade, or a prompt is missing; the text says what to change."""


@dataclass(frozen=True)
class Graded:
    """Grades from 0 to 1 by what is judged, and how many answers have none."""

    grades: Mapping[str, tuple[float, ...]]
    ungraded: int


def grade(
    asked: Sequence[tuple[Question, Answer]],
    settings: ModelSettings,
    prompts: Mapping[str, Prompt],
    client: Any = None,
) -> Graded:
    """Grade the first `max_questions` answers that are none of them refusals."""
    missing = sorted(set(PROMPTS.values()) - set(prompts))
    if missing:
        raise JudgeFailed(f"prompts: {', '.join(missing)} missing; evaluate.judges needs them")
    talker = client or patient_client(settings.region)
    answers = [(q, a) for q, a in asked if not a.refused][: settings.max_questions]
    grades: dict[str, list[float]] = {name: [] for name in PROMPTS}
    ungraded = 0
    for question, answer in answers:
        found = {
            name: _grade(name, question, answer, settings, prompts, talker) for name in PROMPTS
        }
        if any(value is None for value in found.values()):
            ungraded += 1
            continue
        for name, value in found.items():
            grades[name].append(float(value or 0.0))
    if answers and ungraded * 2 > len(answers):
        raise JudgeFailed(
            f"evaluate.judges: {settings.model_id} gave no grade to {ungraded} of {len(answers)} "
            'answers; its replies lack a line "Grade: N". Use a stronger model or plainer prompts'
        )
    return Graded({name: tuple(values) for name, values in grades.items()}, ungraded)


def _grade(
    name: str,
    question: Question,
    answer: Answer,
    settings: ModelSettings,
    prompts: Mapping[str, Prompt],
    client: Any,
) -> float | None:
    prompt = prompts[PROMPTS[name]]
    filled = {
        "context": context(answer.passages),
        "question": material(question.question),
        "answer": material(answer.answer),
    }
    user = prompt.fill(**{slot: filled[slot] for slot in prompt.slots})
    said = reply(client, settings.model_id, prompt.system, user, "evaluate.judges")
    found = GRADE.findall(said)
    return (int(found[-1]) - LOWEST) / (HIGHEST - LOWEST) if found else None
