"""Checks what was answered to a template's questions, and fills in what was not asked.

cookiecutter renders the values it is given, without a sandbox: whatever reaches it has passed the
question's rule and holds no brace, no control character and nothing beyond ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from cookiecutter.environment import StrictEnvironment
from cookiecutter.exceptions import CookiecutterException
from cookiecutter.prompt import render_variable
from cookiecutter.utils import create_env_with_context
from jinja2 import TemplateError

from generator.catalog import BrokenCatalog, Question, Template
from generator.errors import InputError, shown

# Whatever a template's own rules let through.
INERT = re.compile(r"[ -z|~]{0,1024}")


class RefusedAnswer(InputError):
    """An answer that its question's rule does not admit."""


class UnknownQuestion(InputError):
    """An answer to a question that the template does not ask."""


def check_answer(question: Question, value: object) -> str:
    """Return `value` if it may be used as the answer to `question`; raise RefusedAnswer if not."""
    if not isinstance(value, str):
        raise RefusedAnswer(f"{question.name} = {shown(value)}: an answer is a text")
    if question.choices and value not in question.choices:
        raise RefusedAnswer(
            f"{question.name} = {shown(value)}: choose one of {', '.join(question.choices)}"
        )
    if not INERT.fullmatch(value) or not question.rule.pattern.fullmatch(value):
        raise RefusedAnswer(f"{question.name} = {shown(value)}: {question.rule.error}")
    return value


@cache
def _environment() -> StrictEnvironment:
    """The environment in which cookiecutter renders defaults."""
    return create_env_with_context({})


def default_answer(template: Template, question: Question, answers: Mapping[str, str]) -> str:
    """Return the default of `question`, given checked `answers` to the questions before it."""
    try:
        return str(render_variable(_environment(), question.default, dict(answers)))
    except (TemplateError, CookiecutterException, LookupError, TypeError) as error:
        raise BrokenCatalog(
            f"template {template.name}: the default of {question.name},"
            f" {shown(question.default)}, cannot be rendered: {error}"
        ) from error


def check_given(template: Template, given: Mapping[str, object]) -> dict[str, str]:
    """Return `given` if each is an admissible answer to a question that `template` asks.

    Raises UnknownQuestion or RefusedAnswer.
    """
    asked = [question.name for question in template.questions]
    unknown = [shown(name) for name in given if name not in asked]
    if unknown:
        raise UnknownQuestion(
            f"template {template.name} does not ask {', '.join(unknown)};"
            f" it asks {', '.join(asked)}"
        )
    return {
        question.name: check_answer(question, given[question.name])
        for question in template.questions
        if question.name in given
    }


def complete(template: Template, given: Mapping[str, object]) -> dict[str, str]:
    """Return a checked answer to every question of `template`: the `given` one or the default.

    Raises what `check_given` raises, RefusedAnswer also for a default that follows from other
    answers and breaks its rule.
    """
    checked = check_given(template, given)
    answers: dict[str, str] = {}
    for question in template.questions:
        if question.name in checked:
            answers[question.name] = checked[question.name]
        else:
            default = default_answer(template, question, answers)
            answers[question.name] = check_answer(question, default)
    return answers
