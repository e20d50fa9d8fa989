"""Runs that start from what an earlier run has written, on this machine."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Project, step

from mlops.check.definition import read_definition
from mlops.errors import CommandError
from mlops.previous import basis, previous_outputs

# Squares rows; what an earlier run has squared is taken from there.
PREPARE = """
import argparse, json, os, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--input", type=pathlib.Path)
parser.add_argument("--output", type=pathlib.Path)
options = parser.parse_args()
previous = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"]) / "processing/input/previous"
file = previous / "rows.json"
known = json.loads(file.read_text()) if file.is_file() else {}
rows = [r for f in sorted(options.input.iterdir()) for r in f.read_text().split()]
print("computed", sum(row not in known for row in rows), "of", len(rows))
squares = {row: known.get(row, float(row) ** 2) for row in rows}
(options.output / "train/rows.json").write_text(json.dumps(squares))
for name in ("validation", "test"):
    (options.output / name / "rows.json").write_text("[]")
"""
TRAIN = """
import os, json, pathlib
rows = json.loads(pathlib.Path(os.environ["SM_CHANNEL_TRAIN"], "rows.json").read_text())
model = {"mean": sum(rows.values()) / len(rows)}
pathlib.Path(os.environ["SM_MODEL_DIR"], "model.json").write_text(json.dumps(model))
"""
NOTHING = "s3://local-artifacts/diabetes-progression/nothing"
ANY = ("--param", "MetricBound=1e9")


def start_from_train(document: dict[str, Any]) -> None:
    """Make Prepare start from its own output `train` of the run before."""
    document["Parameters"].append(
        {"Name": "PreviousTrainUri", "Type": "String", "DefaultValue": NOTHING}
    )
    inputs = step(document, "Prepare")["Arguments"]["ProcessingInputs"]
    previous = json.loads(json.dumps(inputs[0])) | {"InputName": "previous"}
    previous["S3Input"]["S3Uri"] = {"Get": "Parameters.PreviousTrainUri"}
    previous["S3Input"]["LocalPath"] = "/opt/ml/processing/input/previous"
    inputs.append(previous)


@pytest.fixture
def growing(project: Project) -> Project:
    project.edit(start_from_train)
    project.code("Prepare", PREPARE)
    project.code("Train", TRAIN)
    nothing = project.assets / "nothing/none.json"
    nothing.parent.mkdir()
    nothing.write_text("{}")
    return project


def add_rows(project: Project, rows: str) -> Path:
    """Data of another content at another address, as `make run ARGS=--data` has it."""
    file = project.root / "more.csv"
    file.write_text(rows)
    return file


def computed(project: Project) -> str:
    lines = project.log("Prepare").splitlines()
    return next(line for line in lines if line.startswith("computed"))


def test_only_what_is_new_is_computed(growing: Project) -> None:
    assert growing.run(*ANY) == 0
    assert computed(growing) == "computed 3 of 3"
    first = growing.last_run()
    assert first["parameters"]["PreviousTrainUri"] == NOTHING

    data = add_rows(growing, "40\n50\n60\n70\n")
    assert growing.run(*ANY, "--data", str(data)) == 0
    assert computed(growing) == "computed 1 of 4"
    second = growing.last_run()
    assert first["execution_id"] in second["parameters"]["PreviousTrainUri"]

    add_rows(growing, "50\n70\n")
    assert growing.run(*ANY, "--data", str(data)) == 0
    assert computed(growing) == "computed 0 of 2"


def test_a_run_over_what_has_not_changed_is_reused(growing: Project) -> None:
    data = add_rows(growing, "40\n")
    assert growing.run(*ANY) == 0
    assert growing.run(*ANY, "--data", str(data)) == 0
    assert growing.statuses()["Prepare"] == "Succeeded"
    changed = growing.last_run()["parameters"]["PreviousTrainUri"]
    for _ in range(2):
        assert growing.run(*ANY, "--data", str(data)) == 0
        assert growing.statuses()["Prepare"] == "Cached"
        assert growing.last_run()["parameters"]["PreviousTrainUri"] == changed


def test_a_run_that_failed_before_is_passed_over(growing: Project) -> None:
    assert growing.run(*ANY) == 0
    first = growing.last_run()["execution_id"]
    growing.code("Prepare", "raise SystemExit('broken')")
    assert growing.run(*ANY, "--no-cache") == 1
    growing.code("Prepare", PREPARE)
    data = add_rows(growing, "40\n80\n")
    assert growing.run(*ANY, "--data", str(data)) == 0
    assert first in growing.last_run()["parameters"]["PreviousTrainUri"]
    assert computed(growing) == "computed 1 of 2"


def test_a_given_address_wins(growing: Project) -> None:
    assert growing.run(*ANY) == 0
    given = ("--param", f"PreviousTrainUri={NOTHING}")
    data = add_rows(growing, "40\n80\n")
    assert growing.run(*ANY, *given, "--data", str(data)) == 0
    assert computed(growing) == "computed 2 of 2"


def test_outputs_that_are_gone_are_not_asked_for(growing: Project) -> None:
    assert growing.run(*ANY) == 0
    run = growing.local / "s3/local-artifacts/diabetes-progression/runs"
    for file in run.glob("*/Prepare/train/*"):
        file.unlink()
    data = add_rows(growing, "40\n80\n")
    assert growing.run(*ANY, "--data", str(data)) == 0
    assert growing.last_run()["parameters"]["PreviousTrainUri"] == NOTHING


def test_a_parameter_for_no_output_is_refused(growing: Project) -> None:
    document = json.loads(growing.definition.read_text())
    document["Parameters"].append(
        {"Name": "PreviousVectorsUri", "Type": "String", "DefaultValue": NOTHING}
    )
    with pytest.raises(CommandError, match=r"PreviousVectorsUri .* no step has"):
        previous_outputs(read_definition(document))


def test_the_basis_follows_what_the_step_is_given(growing: Project) -> None:
    definition = read_definition(json.loads(growing.definition.read_text()))
    values = {name: item.default for name, item in definition.parameters.items()}
    own = basis(definition, values)
    assert own == basis(definition, values | {"PreviousTrainUri": "s3://b/other"})
    assert own == basis(definition, values | {"ChampionUri": "s3://b/other"})
    assert own != basis(definition, values | {"InputDataUri": "s3://b/other"})
