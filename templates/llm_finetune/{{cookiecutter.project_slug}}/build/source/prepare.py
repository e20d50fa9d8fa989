"""Prepare: check the rows, apply the chat template, leave out copies, and split them by a hash.

Writes below --output: train/, validation/ and test/ (rows.jsonl), preferences/{train,validation}
.jsonl (empty when there are none), baseline/{statistics,constraints}.json and reports/. When the
rows cannot be used, only the report is written.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mlops.tracking import step_run
from source import baseline
from source.base_model import context_length, load_tokenizer, tokenizer_folder
from source.data_settings import DataSettings, SplitSettings, data_settings, split_settings
from source.exits import StepFailed, run_step
from source.prepare_checks import findings
from source.prepare_report import PrepareReport
from source.prepare_rows import Prepared, prepare_rows
from source.rows import FILE_NAME, write_jsonl
from source.settings import read_document
from source.step_arguments import INPUT, step_parser
from source.tokens import ChatTokenizer
from source.train_settings import ModelSettings, model_settings


@dataclass(frozen=True)
class Sections:
    """What Prepare reads of config/pipeline.yaml."""

    data: DataSettings
    split: SplitSettings
    model: ModelSettings


def prepare(
    rows: Path, preferences: Path | None, base: Path | None, output: Path, sections: Sections
) -> PrepareReport:
    """Prepare the rows at a path. Raises `StepFailed` listing every error that they have."""
    folder = tokenizer_folder(sections.model, base)
    tokenizer = ChatTokenizer(load_tokenizer(folder))
    longest = sections.model.max_length
    prepared = prepare_rows(rows, preferences, sections.data, sections.split, tokenizer, longest)
    found = findings(prepared, sections.data, sections.model, context_length(folder))
    report = replace(prepared.report, problems=(*prepared.report.problems, *found))
    title = os.environ.get("PROJECT_NAME") or "Instructions"
    report.save(output / "reports", title, prepared.plots(longest) if prepared.split else {})
    if prepared.split is None or not report.passed:
        listed = "; ".join(problem.message for problem in report.errors)
        raise StepFailed(f"{len(report.errors)} problem(s) in the data: {listed}\n{report.text()}")
    _write(prepared, output)
    return report


def _write(prepared: Prepared, output: Path) -> None:
    assert prepared.split is not None
    for name, rows in prepared.split.items():
        write_jsonl((row.as_dict() for row in rows), output / name / FILE_NAME)
    for name, pairs in prepared.pairs.items():
        write_jsonl((pair.as_dict() for pair in pairs), output / "preferences" / f"{name}.jsonl")
    baseline.write(prepared.split.train, prepared.lengths["train"], output / "baseline")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step with the paths of its container, or those given."""
    parser = step_parser(__doc__, "preferences", "base")
    parser.add_argument("--input", type=Path, default=INPUT / "data")
    options = parser.parse_args(arguments)
    run_step(lambda: _tracked(options))


def _tracked(options: argparse.Namespace) -> None:
    document = read_document(options.settings)
    sections = Sections(data_settings(document), split_settings(document), model_settings(document))
    given = options.preferences if options.preferences.exists() else None
    report = prepare(options.input, given, options.base, options.output, sections)
    print(report.text())
    with step_run("Prepare"):
        import mlflow

        mlflow.log_params(
            {
                "data.shape": report.shape,
                "data.rows_read": report.rows_read,
                "data.bad_rows": len(report.bad),
                "data.exact_duplicates": report.exact_duplicates,
                "data.near_duplicates": report.near_duplicates,
                **{f"split.{key}": value for key, value in asdict(sections.split).items()},
                "model.source": sections.model.source,
                "model.max_length": sections.model.max_length,
            }
        )
        mlflow.log_metrics(
            {
                **{f"rows_{name}": float(side.rows) for name, side in report.sides.items()},
                "truncated_rows": float(report.truncated),
            }
        )
        mlflow.log_artifacts(str(options.output / "reports"), "data")
        mlflow.log_artifacts(str(options.output / "baseline"), "baseline")


if __name__ == "__main__":
    main()
