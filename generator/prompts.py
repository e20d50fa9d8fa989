"""Asks a template's questions on the terminal, and asks again until the answer can be used."""

from __future__ import annotations

from collections.abc import Mapping

import click

from generator.answers import RefusedAnswer, check_answer, check_given, default_answer
from generator.catalog import Question, Template


def ask(template: Template, given: Mapping[str, str]) -> dict[str, str]:
    """Return checked answers to all questions of `template`, the `given` ones unasked.

    A wrong `given` answer raises before the first question.
    """
    checked = check_given(template, given)
    answers: dict[str, str] = {}
    for number, question in enumerate(template.questions, start=1):
        if question.name in checked:
            answers[question.name] = checked[question.name]
            continue
        default = default_answer(template, question, answers)
        click.echo()
        click.secho(f"[{number}/{len(template.questions)}] {question.prompt}", bold=True)
        answers[question.name] = _ask(question, default)
    return answers


def _ask(question: Question, default: str) -> str:
    for number, label in enumerate(question.labels, start=1):
        click.echo(f"  {number}  {label}")

    def checked(typed: str) -> str:
        number = int(typed) if typed.isascii() and typed.isdigit() else 0
        if 1 <= number <= len(question.choices):
            return question.choices[number - 1]
        try:
            return check_answer(question, typed)
        except RefusedAnswer as error:
            raise click.UsageError(str(error)) from None  # click shows it and asks again

    answer: str = click.prompt(
        f"  {question.name}", default=default, value_proc=checked, prompt_suffix=": "
    )
    return answer
