"""Prepare: validate the table, give its columns types, split it, and describe the training rows.

Writes below --output: train/, validation/ and test/ (Parquet), schema/schema.json,
baseline/{statistics,constraints}.json and reports/validation.json. When validation fails, only
the report is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlops.tracking import step_run
from source import baseline, schema
from source.exits import StepFailed, run_step
from source.reading import read_table
from source.sections import DataSettings, SplitSettings, data_settings, split_settings
from source.settings import read_document
from source.splitting import Split, split_rows
from source.step_arguments import INPUT, step_parser
from source.validation import ValidatedTable, validate
from source.validation_report import ValidationReport


def prepare(
    input_path: Path, output: Path, data: DataSettings, settings: SplitSettings
) -> tuple[ValidationReport, Split]:
    """Prepare the table at `input_path`. Raises `StepFailed` listing every error in it."""
    validated = validate(read_table(input_path), data, settings)
    validated.report.save(output / "reports" / "validation.json")
    if validated.frame is None or validated.schema is None:
        count = len(validated.report.errors)
        listed = "; ".join(problem.message for problem in validated.report.errors)
        raise StepFailed(f"{count} problem(s) in the table: {listed}\n{validated.report.text()}")
    return validated.report, _write(validated, output, settings)


def _write(validated: ValidatedTable, output: Path, settings: SplitSettings) -> Split:
    assert validated.frame is not None and validated.schema is not None
    split = split_rows(validated.frame, validated.schema, settings)
    for name, frame in split.items():
        directory = output / name
        directory.mkdir(parents=True, exist_ok=True)
        frame.to_parquet(directory / f"{name}.parquet", index=False)
    directory = output / "schema"
    directory.mkdir(parents=True, exist_ok=True)
    validated.schema.save(directory / schema.FILE_NAME)
    baseline.write(split.train, validated.schema, output / "baseline")
    return split


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step with the paths of its container, or those given."""
    parser = step_parser(__doc__)
    parser.add_argument("--input", type=Path, default=INPUT / "data")
    options = parser.parse_args(arguments)
    run_step(lambda: _tracked(options.input, options.output, options.settings))


def _tracked(input_path: Path, output: Path, settings: Path) -> None:
    document = read_document(settings)
    data, how = data_settings(document), split_settings(document)
    report, split = prepare(input_path, output, data, how)
    print(report.text())
    rows = {name: len(frame) for name, frame in split.items()}
    print("rows: " + ", ".join(f"{name} {count}" for name, count in rows.items()))
    with step_run("Prepare"):
        import mlflow

        mlflow.log_params(
            {
                "target": data.target,
                "split": "time" if how.time_column else "group" if how.group_column else "random",
                "seed": how.seed,
                "rows_read": report.rows_read,
                "rows_without_target": report.rows_without_target,
                "features": sum(column.role == "feature" for column in report.columns),
            }
        )
        mlflow.log_metrics({f"rows_{name}": float(count) for name, count in rows.items()})
        mlflow.log_artifact(str(output / "reports" / "validation.json"), "validation")
        mlflow.log_artifacts(str(output / "baseline"), "baseline")


if __name__ == "__main__":
    main()
