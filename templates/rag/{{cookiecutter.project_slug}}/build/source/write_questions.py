"""Writes the questions that are made from an index to a file, for people to review and edit.

    python -m source.write_questions --package FOLDER --output questions/questions.jsonl

Review them: remove what nobody would ask, correct where answers stand, mark the rest `reviewed`,
add your own; then name the file in evaluate.questions. What the file has already is kept as it is.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from source.application import open_application
from source.evaluate_settings import GENERATED, evaluate_settings
from source.exits import run_step
from source.question_set import model_questions, question_set
from source.questions import load_questions, write_questions
from source.settings import read_document


def main(arguments: Sequence[str] | None = None) -> None:
    """Write or extend the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, required=True, help="the folder of an index")
    parser.add_argument("--output", type=Path, default=Path("questions/questions.jsonl"))
    parser.add_argument("--settings", type=Path, help="JSON with a section `evaluate`")
    options = parser.parse_args(arguments)
    run_step(lambda: _write(options.package, options.output, options.settings))


def _write(package: Path, output: Path, settings_file: Path | None) -> None:
    given = read_document(settings_file) if settings_file else {}
    values = dict(given.get("evaluate") or {}) | {"questions": GENERATED}
    settings = evaluate_settings({"evaluate": values})
    application = open_application(package)
    chunks = application.retriever.chunks
    ask = model_questions(settings, application.prompts.get("write_questions"))
    made = question_set(settings, None, chunks, application.answerer.terms, ask).usable
    known = load_questions(output) if output.exists() else []
    there = {question.id for question in known}
    added = [question for question in made if question.id not in there]
    write_questions([*known, *added], output)
    print(f"{output}: {len(known)} questions kept, {len(added)} added; review what is not reviewed")


if __name__ == "__main__":
    main()
