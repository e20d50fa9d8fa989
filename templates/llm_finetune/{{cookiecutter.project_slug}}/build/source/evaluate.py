"""Evaluate: ask base and tuned model the same, compare, judge at the gate, and write it all down.

Writes below --output/evaluation: evaluation.json, report.html, samples.jsonl (every row with both
answers), sample_request.json (a request with the answer to expect, for smoke tests) and
plots/*.png. A model that fails the gate is not an error here: the pipeline decides by
evaluation.json.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.tracking import step_run
from source import evaluate_plots, evaluate_report, judge
from source.base_model import base_folder, describe, load_model, load_tokenizer
from source.champion import ask_champion
from source.evaluate_measure import Measured, Sets, measure, opened, precision
from source.evaluate_settings import (
    EvaluateSettings,
    GateSettings,
    evaluate_settings,
    gate_settings,
)
from source.evaluate_tracking import track
from source.evaluation import Evaluation, evaluate
from source.evaluation_record import write_evaluation
from source.exits import run_step
from source.generation import LanguageModel
from source.model_files import load_tuned, read_metadata
from source.rows import Row, load_rows, write_jsonl
from source.settings import read_document
from source.step_arguments import add_bound, step_parser
from source.train_settings import ModelSettings, model_settings

JSON = "application/json"


@dataclass(frozen=True)
class Sections:
    """What Evaluate reads of config/pipeline.yaml."""

    model: ModelSettings
    evaluate: EvaluateSettings
    gate: GateSettings


@dataclass(frozen=True)
class Inputs:
    """The folders that Evaluate reads."""

    model: Path
    base: Path | None
    test: Path
    champion: Path


def run(inputs: Inputs, sections: Sections) -> tuple[Evaluation, dict[str, Any]]:
    """The evaluation, and the sample request. Raises `UserError`."""
    settings, longest = sections.evaluate, sections.model.max_length
    sets = Sets.load(settings)
    every = load_rows(inputs.test)
    # By their hash, not in their order: more data keeps most of the rows that were chosen.
    rows = sorted(every, key=lambda row: row.id)[: settings.max_rows]
    folder = base_folder(sections.model, inputs.base)
    metadata = read_metadata(inputs.model)
    dtype = precision()

    def ask_base() -> Measured:
        with opened(lambda: (load_model(folder, dtype=dtype), load_tokenizer(folder))) as model:
            return measure(model, rows, settings, longest, sets)

    def ask_tuned() -> tuple[Measured, dict[str, Any]]:
        with opened(lambda: load_tuned(inputs.model, folder, dtype=dtype)) as model:
            found = measure(model, rows, settings, longest, sets)
            return found, sample_request(model, rows, found, settings.max_new_tokens)

    print(f"asking the base model {sections.model.source}: {len(rows)} test rows", flush=True)
    base = ask_base()
    print("asking the tuned model", flush=True)
    tuned, sample = ask_tuned()
    champion = ask_champion(
        inputs.champion,
        rows,
        describe(sections.model, folder),
        folder,
        sections.gate.metric,
        (longest, settings.max_new_tokens),
        dtype,
    )
    graded = None
    if settings.judge is not None:
        client = judge.bedrock_client(settings.judge)
        graded = judge.grade(rows, base.texts, tuned.texts, settings.judge, client)
    models = (base, tuned, champion)
    found = evaluate(rows, len(every), models, sets, graded, metadata, settings, sections.gate)
    return found, sample


def sample_request(
    model: LanguageModel, rows: Sequence[Row], found: Measured, max_new_tokens: int
) -> dict[str, Any]:
    """A test row as a client sends it, and the tuned model's own answer to it.

    A row that the model answers as expected is preferred, then one that it answers to the end.
    It is asked alone, as an endpoint would be: in a batch the last digits may differ.
    """

    def worth(index: int) -> tuple[bool, bool, int]:
        answer = found.answers[index]
        return (answer.text != rows[index].answer.strip(), not answer.finished, index)

    row = rows[min(range(len(rows)), key=worth)]
    answer = model.answers([row.prompt], max_new_tokens)[0]
    return {
        "content_type": JSON,
        "body": {
            "messages": [message.as_dict() for message in row.prompt],
            "max_tokens": max_new_tokens,
            "temperature": 0,
        },
        "expected": {"choices": [{"message": {"role": "assistant", "content": answer.text}}]},
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step with the paths of its container, or those given."""
    parser = step_parser(__doc__, "model", "base", "test", "champion")
    add_bound(parser)
    options = parser.parse_args(arguments)
    run_step(lambda: _tracked(options))


def _tracked(options: argparse.Namespace) -> None:
    document = read_document(options.settings)
    sections = Sections(
        model_settings(document),
        evaluate_settings(document),
        gate_settings(document, options.bound),
    )
    inputs = Inputs(options.model, options.base, options.test, options.champion)
    found, sample = run(inputs, sections)
    output = options.output / "evaluation"
    _write(found, sample, output)
    for name, compared in found.comparisons.items():
        print(f"{name}: base {compared.base:.4g}, tuned {compared.tuned:.4g}")
    print(f"perplexity: base {found.perplexity.base:.4g}, tuned {found.perplexity.tuned:.4g}")
    print(f"gate {found.gate.outcome}: {found.gate.message}")
    with step_run("Evaluate"):
        track(found, output)


def _write(found: Evaluation, sample: dict[str, Any], output: Path) -> None:
    drawn = evaluate_plots.draw(found)
    title = os.environ.get("PROJECT_NAME") or "Fine-tuned model"
    page = evaluate_report.render(found, drawn, title)
    documents = {"evaluation.json": found.document(), "sample_request.json": sample}
    write_evaluation(output, page, drawn, documents)
    write_jsonl(found.samples(), output / "samples.jsonl")


if __name__ == "__main__":
    main()
