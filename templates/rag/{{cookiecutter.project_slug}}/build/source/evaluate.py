"""Evaluate: ask the index its questions by every way, check its answers, and judge at the gate.

Writes below --output/evaluation: evaluation.json, report.html, worst_queries.json, questions.jsonl
(what was asked), sample_request.json (a request with the answer to expect, for smoke tests) and
plots/*.png. An index that fails the gate is not an error here: the pipeline decides by
evaluation.json. A package that cannot be trusted is one.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.tracking import step_run
from source import evaluate_plots, evaluate_report, judge, tracing
from source.application import Application, open_application
from source.champion import ask_champion
from source.evaluate_measure import answer_all, check_vectors, rank
from source.evaluate_settings import (
    EvaluateSettings,
    GateSettings,
    evaluate_settings,
    gate_settings,
)
from source.evaluate_tracking import track
from source.evaluation import Evaluation, Measured, evaluate
from source.evaluation_record import write_evaluation
from source.exits import conclude, run_step
from source.question_set import model_questions, question_set
from source.questions import UNANSWERABLE, Question, QuestionsUnusable, split_questions
from source.questions import write_questions as save_questions
from source.sample_request import sample_request
from source.settings import read_document
from source.step_arguments import add_bound, step_parser
from source.worst_queries import worst_queries

FEWEST_TEST = 5


@dataclass(frozen=True)
class Inputs:
    """The folders that Evaluate reads; `questions` may be empty or absent."""

    package: Path
    questions: Path
    champion: Path


@dataclass(frozen=True)
class Outcome:
    """What is written."""

    evaluation: Evaluation
    sample: Mapping[str, Any]
    application: Application


def run(inputs: Inputs, settings: EvaluateSettings, gate: GateSettings) -> Outcome:
    """Measure everything. Raises `UserError`."""
    application = open_application(inputs.package)
    chunks = application.retriever.chunks
    self_found = check_vectors(application.retriever, chunks)
    written = model_questions(settings, application.prompts.get("write_questions"))
    asked = question_set(settings, inputs.questions, chunks, application.answerer.terms, written)
    split = split_questions(asked.usable, settings.validation_share)
    questions = _with_enough(split.test)
    answerable = [question for question in questions if question.answerable]
    print(f"asking {len(answerable)} questions of {len(chunks)} passages, each way", flush=True)
    ranked = rank(application.retriever, answerable)
    print(f"answering {len(questions)} questions ({application.generation.kind})", flush=True)
    with tracing.paused():
        answers = answer_all(application.answerer, questions, chunks, application.top_k)
    champion = ask_champion(
        inputs.champion,
        answerable,
        lambda folder: open_application(folder).retriever,
    )
    graded = None
    if settings.judges is not None:
        pairs = [(one.question, one.answer) for one in answers]
        graded = judge.grade(pairs, settings.judges, application.prompts)
    measured = Measured(
        questions=tuple(questions),
        ranked=ranked,
        answers=tuple(answers),
        champion=champion,
        graded=graded,
        lost=asked.lost,
        validation=len(split.validation),
        self_found=self_found,
        package=application.description,
    )
    found = evaluate(measured, settings, gate, application.generation)
    return Outcome(found, sample_request(answers, application), application)


def _with_enough(questions: Sequence[Question]) -> list[Question]:
    answerable = sum(question.answerable for question in questions)
    if answerable < FEWEST_TEST:
        raise QuestionsUnusable(
            f"evaluate.validation_share leaves {answerable} answerable test questions, "
            f"{FEWEST_TEST} are needed: give more questions or a smaller share"
        )
    return sorted(questions, key=lambda question: (question.type == UNANSWERABLE, question.id))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step with the paths of its container, or those given."""
    parser = step_parser(__doc__, "package", "questions", "champion")
    add_bound(parser)
    options = parser.parse_args(arguments)
    run_step(lambda: _tracked(options))


def _tracked(options: argparse.Namespace) -> None:
    document = read_document(options.settings)
    settings, gate = evaluate_settings(document), gate_settings(document, options.bound)
    inputs = Inputs(options.package, options.questions, options.champion)
    outcome = run(inputs, settings, gate)
    found, output = outcome.evaluation, options.output / "evaluation"
    _write(outcome, output)
    for way, figures in found.figures.items():
        print(f"{way}: " + ", ".join(f"{name} {f.value:.4g}" for name, f in figures.items()))
    with step_run("Evaluate"):
        track(outcome.application, found, output)
    conclude(f"gate {found.gate.outcome}: {found.gate.message}")


def _write(outcome: Outcome, output: Path) -> None:
    found = outcome.evaluation
    drawn = evaluate_plots.draw(found)
    title = os.environ.get("PROJECT_NAME") or "Retrieval-augmented application"
    worst = worst_queries(found)
    page = evaluate_report.render(found, worst, drawn, title)
    documents = {
        "evaluation.json": found.document(),
        "worst_queries.json": worst,
        "sample_request.json": outcome.sample,
    }
    write_evaluation(output, page, drawn, documents)
    save_questions(found.questions, output / "questions.jsonl")


if __name__ == "__main__":
    main()
