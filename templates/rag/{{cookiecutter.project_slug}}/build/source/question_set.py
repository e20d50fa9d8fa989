"""The questions that a build is judged by: a reviewed file's, or made from the index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from source.evaluate_settings import GENERATED, EvaluateSettings
from source.prompts import Prompt
from source.question_rules import Indexed, generate
from source.questions import Question, QuestionsUnusable, Resolved, load_questions, resolve
from source.terms import Terms

# With fewer, the figures say little and the gate would be a matter of luck.
FEWEST = 10


def question_set(
    settings: EvaluateSettings,
    given: Path | None,
    chunks: Sequence[Indexed],
    terms: Terms,
    written: Callable[[Sequence[Indexed]], list[Question]] | None = None,
) -> Resolved:
    """The questions that can be asked of these chunks. Raises `QuestionsUnusable`.

    `given` is the file, or folder with the file, that `evaluate.questions` names. `written` asks a
    language model for questions where one is configured.
    """
    if settings.questions == GENERATED:
        questions = generate(
            chunks,
            terms,
            answerable=settings.generated_questions,
            unanswerable=settings.unanswerable,
        )
        if written is not None:
            questions = [*written(chunks), *questions]
        advice = "the documents are too few or too short; give questions in evaluate.questions"
    else:
        if given is None or not given.exists():
            raise QuestionsUnusable(
                f"evaluate.questions: {settings.questions} is not there; `make questions` writes it"
            )
        known = load_questions(given)
        questions = [question for question in known if not question.waits]
        if len(questions) < len(known):
            waiting = len(known) - len(questions)
            print(f"not asked, because they wait for review: {waiting} of feedback", flush=True)
        advice = (
            "their evidence names documents, headings or words that the index does not have; if "
            f"{settings.questions} is about other documents, set evaluate.questions to generated"
        )
    found = resolve(questions, chunks)
    answerable = sum(question.answerable for question in found.usable)
    if answerable < FEWEST:
        raise QuestionsUnusable(
            f"evaluate.questions: {answerable} of {len(questions)} questions can be answered by "
            f"the index, {FEWEST} are needed: {advice}"
        )
    return found


def model_questions(
    settings: EvaluateSettings, prompt: Prompt | None
) -> Callable[[Sequence[Indexed]], list[Question]] | None:
    """What asks the configured model for questions; None when none is configured."""
    model = settings.question_model
    if model is None:
        return None
    if prompt is None:
        raise QuestionsUnusable(
            "prompts: write_questions.md is missing; evaluate.question_model needs it"
        )
    from source.question_model import ask_model

    return lambda chunks: ask_model(chunks, model, prompt)
