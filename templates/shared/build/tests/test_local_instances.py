"""Processing jobs of several instances: inputs dealt out by key, outputs in one place."""

import json
from typing import Any

import pytest
from conftest import Project, step

PREPARE = """
import argparse, json, os, pathlib, sys
parser = argparse.ArgumentParser()
parser.add_argument("--input", type=pathlib.Path)
parser.add_argument("--output", type=pathlib.Path)
options = parser.parse_args()
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
host = json.loads((base / "config/resourceconfig.json").read_text())
names = sorted(str(f.relative_to(options.input)) for f in options.input.rglob("*.csv"))
every = sorted(f.name for f in (base / "processing/input/all").rglob("*.csv"))
print("sees", names)
rows = [float(row) for name in names for row in (options.input / name).read_text().split()]
if -1.0 in rows:
    sys.exit("a row below zero")
seen = {"host": host, "names": names, "all": every}
for name in ("train", "validation", "test"):
    (options.output / name / NAME).write_text(json.dumps(rows))
(options.output / "test" / f"{host['current_host']}.seen").write_text(json.dumps(seen))
"""
DATA = "s3://local-artifacts/diabetes-progression/data/0123456789abcdef"
BY_HOST = "f\"{host['current_host']}.json\""
TRAIN = """
import os, json, pathlib
rows = [json.loads(f.read_text()) for f in pathlib.Path(os.environ["SM_CHANNEL_TRAIN"]).iterdir()]
rows = [row for part in rows for row in part]
mean = sum(rows) / len(rows)
pathlib.Path(os.environ["SM_MODEL_DIR"], "model.json").write_text(json.dumps({"mean": mean}))
"""


def deal_out(count: int) -> Any:
    def change(document: dict[str, Any]) -> None:
        arguments = step(document, "Prepare")["Arguments"]
        arguments["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = count
        inputs = [i for i in arguments["ProcessingInputs"] if i["InputName"] != "all"]
        data = next(item for item in inputs if item["InputName"] == "data")
        data["S3Input"]["S3Uri"] = DATA
        every = json.loads(json.dumps(data)) | {"InputName": "all"}
        every["S3Input"]["LocalPath"] = "/opt/ml/processing/input/all"
        every["S3Input"]["S3DataDistributionType"] = "FullyReplicated"
        data["S3Input"]["S3DataDistributionType"] = "ShardedByS3Key"
        arguments["ProcessingInputs"] = [*inputs, every]

    return change


@pytest.fixture
def dealt(project: Project) -> Project:
    folder = project.assets / "data/0123456789abcdef"
    (folder / "deeper").mkdir()
    for name, rows in (("b.csv", "80\n"), ("c.csv", "100\n"), ("deeper/d.csv", "120\n")):
        (folder / name).write_text(rows)
    project.edit(deal_out(2))
    project.code("Prepare", PREPARE.replace("NAME", BY_HOST))
    project.code("Train", TRAIN)
    return project


def test_each_instance_gets_its_part_and_all_that_is_not_dealt_out(dealt: Project) -> None:
    assert dealt.run("--param", "MetricBound=200") == 0
    run = dealt.local / "s3/local-artifacts/diabetes-progression/runs"
    seen = [json.loads(path.read_text()) for path in sorted(run.glob("*/Prepare/test/*.seen"))]
    assert [item["host"] for item in seen] == [
        {"current_host": name, "hosts": ["algo-1", "algo-2"]} for name in ("algo-1", "algo-2")
    ]
    parts = [set(item["names"]) for item in seen]
    assert not parts[0] & parts[1]
    assert parts[0] | parts[1] == {"diabetes.csv", "b.csv", "c.csv", "deeper/d.csv"}
    assert [len(part) for part in parts] == [2, 2]
    assert all(len(item["all"]) == 4 for item in seen)
    # Train has read what both have written.
    assert dealt.last_run()["metrics"] == {"rmse": 75.0}
    assert "--- algo-1" in dealt.log("Prepare") and "--- algo-2" in dealt.log("Prepare")


def test_what_each_instance_has_come_to_is_shown_when_the_step_ends(
    dealt: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    told = "pathlib.Path(os.environ['SM_OUTPUT_DIR'], 'message').write_text(f'{len(rows)} rows')\n"
    dealt.code("Prepare", PREPARE.replace("NAME", BY_HOST) + told)
    assert dealt.run("--param", "MetricBound=200") == 0
    run = dealt.local / "s3/local-artifacts/diabetes-progression/runs"
    counts = [len(json.loads(path.read_text())) for path in sorted(run.glob("*/Prepare/train/*"))]
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.endswith(" rows")]
    assert line.endswith(f" s {counts[0]} rows; {counts[1]} rows")


def test_an_instance_without_a_part_runs_on_nothing(dealt: Project) -> None:
    dealt.edit(deal_out(5))
    assert dealt.run("--param", "MetricBound=200") == 0
    run = dealt.local / "s3/local-artifacts/diabetes-progression/runs"
    seen = [json.loads(path.read_text()) for path in sorted(run.glob("*/Prepare/test/*.seen"))]
    assert [len(item["names"]) for item in seen] == [1, 1, 1, 1, 0]


def test_one_instance_gets_everything(dealt: Project) -> None:
    dealt.edit(deal_out(1))
    assert dealt.run("--param", "MetricBound=200") == 0
    assert "deeper/d.csv" in dealt.log("Prepare") and "c.csv" in dealt.log("Prepare")


def test_two_instances_must_not_write_one_file(
    dealt: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    dealt.code("Prepare", PREPARE.replace("NAME", "'rows.json'"))
    assert dealt.run() == 1
    error = capsys.readouterr().err
    assert "algo-1 and algo-2 have both written 'rows.json' to output 'train'" in error
    assert "name files by what they are made from" in error
    assert dealt.packages() == []


def test_the_instance_that_fails_is_named_in_the_log(
    dealt: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (dealt.assets / "data/0123456789abcdef/b.csv").write_text("-1\n")
    assert dealt.run() == 1
    assert "exit code 1" in capsys.readouterr().err
    assert "a row below zero" in dealt.log("Prepare")
