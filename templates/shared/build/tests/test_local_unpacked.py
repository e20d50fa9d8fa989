"""Training jobs whose model is a folder, and that go on after an interruption."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import TRAIN, Project, step

from mlops.__main__ import main
from mlops.local.freshness import sources_fingerprint

CHECKPOINTS = "s3://local-artifacts/diabetes-progression/checkpoints/abc"
# Counts its own attempts where SageMaker keeps checkpoints; the first one is lost half-way.
INTERRUPTED = """
import os, pathlib, signal
folder = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"]) / "checkpoints"
attempts = folder / "attempts.txt"
count = int(attempts.read_text()) + 1 if attempts.exists() else 1
attempts.write_text(str(count))
print("attempt", count)
if count == 1:
    os.kill(os.getpid(), signal.SIGKILL)
"""
EVALUATE = """
import argparse, json, pathlib
parser = argparse.ArgumentParser()
for name in ("model", "test", "champion", "output"):
    parser.add_argument(f"--{name}", type=pathlib.Path)
parser.add_argument("--bound", type=float)
options = parser.parse_args()
mean = json.loads((options.model / "model.json").read_text())["mean"]
champion = json.loads((options.champion / "champion.json").read_text())
champion["has_model"] = (options.champion / "model/model.json").is_file()
held = {"excess": 0.0}
gate = {"message": "fine", "checks": {n: held for n in ("bound", "mean", "linear", "champion")}}
report = {"llm_metrics": {"f1": {"base": 0.1, "tuned": mean}}, "champion": champion, "gate": gate}
(options.output / "evaluation/evaluation.json").write_text(json.dumps(report))
"""


def unpack(document: dict[str, Any]) -> None:
    """Make the model of the definition a folder."""
    train = step(document, "Train")["Arguments"]
    train["OutputDataConfig"]["CompressionType"] = "NONE"
    train["CheckpointConfig"] = {"S3Uri": CHECKPOINTS, "LocalPath": "/opt/ml/checkpoints"}
    folder = {
        "Std:Join": {
            "On": "/",
            "Values": [
                {"Get": "Steps.Train.OutputDataConfig.S3OutputPath"},
                {"Get": "Steps.Train.TrainingJobName"},
                "output",
                "model",
                "",
            ],
        }
    }
    for item in step(document, "Evaluate")["Arguments"]["ProcessingInputs"]:
        if item["InputName"] == "model":
            item["S3Input"]["S3Uri"] = folder
    package = step(document, "RegisterModel")["Arguments"]
    (container,) = package["InferenceSpecification"]["Containers"]
    del container["ModelDataUrl"]
    container["ModelDataSource"] = {
        "S3DataSource": {"S3Uri": folder, "S3DataType": "S3Prefix", "CompressionType": "None"}
    }


@pytest.fixture
def unpacked(project: Project) -> Project:
    project.edit(unpack)
    project.code("Evaluate", EVALUATE)
    return project


def test_a_folder_is_evaluated_registered_and_reused(unpacked: Project) -> None:
    assert unpacked.run() == 0
    summary = unpacked.last_run()
    assert summary["metrics"] == {"f1": 50.0}
    assert json.loads((Path(summary["model_data"]) / "model.json").read_text()) == {"mean": 50.0}
    assert not list((unpacked.local / "s3").rglob("output/*.tar.gz"))
    assert list((unpacked.local / "s3").rglob("output/data/seen.json"))
    (package,) = unpacked.packages()
    container = json.loads(package.read_text())["InferenceSpecification"]["Containers"][0]
    assert container["ModelDataSource"]["S3DataSource"]["S3Uri"].endswith("/output/model/")
    assert unpacked.run() == 0
    assert unpacked.statuses()["Train"] == "Cached"
    for path in (unpacked.local / "s3").rglob("output/model/model.json"):
        path.write_text("{}")
    assert unpacked.run() == 0
    assert unpacked.statuses()["Train"] == "Succeeded"


def test_an_approved_folder_is_the_champion(unpacked: Project) -> None:
    assert unpacked.run() == 0
    assert main(["registry", "approve", "--local", "1"]) == 0
    assert unpacked.run() == 0
    (found,) = unpacked.step_directory("Evaluate").rglob("evaluation/evaluation.json")
    champion = json.loads(found.read_text())["champion"]
    assert champion["model_package_arn"].endswith("/1")
    assert champion["has_model"] is True


def test_a_job_that_was_killed_finds_its_checkpoints_again(unpacked: Project) -> None:
    unpacked.code("Train", INTERRUPTED + TRAIN)
    assert unpacked.run() == 1
    assert "attempt 1" in unpacked.log("Train")
    assert unpacked.packages() == []
    assert unpacked.run() == 0
    assert "attempt 2" in unpacked.log("Train")


def test_a_folder_that_is_configured_is_part_of_what_compiling_depends_on(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "models/tiny").mkdir(parents=True)
    (tmp_path / "models/tiny/config.json").write_text("{}")
    (tmp_path / "config/pipeline.yaml").write_text("model: {source: models/tiny}\n")
    before = sources_fingerprint(tmp_path)
    assert sources_fingerprint(tmp_path) == before
    (tmp_path / "models/tiny/config.json").write_text('{"hidden_size": 8}')
    assert sources_fingerprint(tmp_path) != before
    (tmp_path / "models/tiny/config.json").write_text("{}")
    (tmp_path / "models/other.txt").write_text("not configured")
    assert sources_fingerprint(tmp_path) == before
