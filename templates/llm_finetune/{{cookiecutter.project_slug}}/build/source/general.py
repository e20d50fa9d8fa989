"""Whether tuning has cost the model what it knew: a small fixed set of multiple-choice questions.

A question counts as right when the right answer is the least surprising one to the model, by the
mean loss of its tokens. Nothing has to be generated or parsed, so a model that was tuned to say
something else altogether is still asked fairly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from source.custom_code import load_attribute
from source.errors import UserError
from source.generation import LanguageModel, Vector
from source.rows import Message, Row

SETTING = "evaluate.general_set"
# A base that guesses as well as this has nothing to lose; dropping below it is chance.
SIGNIFICANCE = 0.05


class GeneralSetError(UserError):
    """The set of questions cannot be used; the text says which one and why."""


@dataclass(frozen=True)
class Question:
    """A question, its possible answers, and which of them is right (from 0)."""

    prompt: str
    options: tuple[str, ...]
    right: int


@dataclass(frozen=True)
class Ability:
    """Which questions a model got right (1 or 0), in the order of the set."""

    right: Vector

    @property
    def share(self) -> float:
        """Of questions that were right."""
        return float(self.right.mean())


def load_questions(name: str) -> tuple[Question, ...]:
    """The set `module:attribute`. Raises `GeneralSetError` when it is none."""
    found = load_attribute(name, SETTING)
    if not isinstance(found, list | tuple) or not found:
        raise GeneralSetError(f"{SETTING}: {name} is not a list of questions, or an empty one")
    for number, question in enumerate(found, start=1):
        if not isinstance(question, Question):
            raise GeneralSetError(
                f"{SETTING}: entry {number} of {name} is a {type(question).__name__}; "
                "use source.general.Question"
            )
        if len(set(question.options)) < 2 or not 0 <= question.right < len(question.options):
            raise GeneralSetError(
                f"{SETTING}: question {number} of {name} needs two different options or more, "
                "and `right` must be the position of one of them"
            )
    return tuple(found)


def ask(model: LanguageModel, questions: Sequence[Question], max_length: int) -> Ability:
    """Let the model choose an option of every question."""
    rows = [
        Row((Message("user", question.prompt), Message("assistant", option)))
        for question in questions
        for option in question.options
    ]
    losses = model.answer_losses(rows, max_length)
    means = losses.sums / losses.tokens
    right, start = [], 0
    for question in questions:
        part = means[start : start + len(question.options)]
        right.append(float(int(np.argmin(part)) == question.right))
        start += len(question.options)
    return Ability(np.array(right))


def guessing_share(questions: Sequence[Question]) -> float:
    """The share of right answers to expect of blind guesses."""
    return sum(1 / len(question.options) for question in questions) / len(questions)


def better_than_guessing(ability: Ability, questions: Sequence[Question]) -> bool:
    """Whether so many right answers are unlikely (below 5 %) for blind guesses."""
    chance, asked = guessing_share(questions), len(questions)
    right = round(float(ability.right.sum()))
    tail = sum(
        math.comb(asked, count) * chance**count * (1 - chance) ** (asked - count)
        for count in range(right, asked + 1)
    )
    return tail < SIGNIFICANCE
