"""The build repository of a fine-tuning project, used as a data scientist uses it.

Everything is trained for real, on the tiny base model that the repository makes by itself.
"""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
import yaml
from conftest import ENVIRONMENTS, Render
from offline import Make, assert_whole, evaluation, last_run, make_in, offline, registered

from generator.demo.environments import environment_for

pytestmark = pytest.mark.xdist_group("llm_finetune")


@pytest.fixture(scope="module")
def environment(render: Render) -> Path:
    """Where the repository's commands run; installed once for all."""
    return environment_for(render("llm_finetune") / "build", ENVIRONMENTS)


@pytest.fixture(scope="module")
def build(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh copy of the build repository with the default answers."""
    folder = tmp_path_factory.mktemp("llm_finetune") / "build"
    return Path(shutil.copytree(render("llm_finetune") / "build", folder))


@pytest.fixture(scope="module")
def make(build: Path, environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Run a target in the copy."""
    return make_in(build, environment=environment, home=tmp_path_factory.mktemp("home"))


def configure(build: Path, **sections: dict) -> None:
    """Change keys of config/pipeline.yaml as a person does in an editor."""
    path = build / "config/pipeline.yaml"
    content = yaml.safe_load(path.read_text())
    for section, keys in sections.items():
        content[section] |= keys
    path.write_text(yaml.safe_dump(content))


def test_the_local_pipeline_registers_a_model_that_has_learnt(build: Path, make: Make) -> None:
    done = make("run")
    assert done.returncode == 0, done.stdout[-6000:]
    summary = last_run(build)
    steps = {step["name"]: step["status"] for step in summary["steps"]}
    assert steps["RegisterModel"] == "Succeeded"
    # The base knows nothing: whatever the tuned model answers rightly, it has learnt.
    measured = evaluation(build)
    learnt = measured["llm_metrics"]["exact_match"]
    assert learnt["base"] == 0.0
    assert learnt["tuned"] > 0.5
    assert learnt["interval"][0] > measured["gate"]["checks"]["base"]["limit"]
    assert registered(build) == ["1.json"]
    assert_whole(Path(summary["report"]))

    (package,) = (build / ".local/registry").glob("*/1.json")
    described = json.loads(package.read_text())
    (container,) = described["InferenceSpecification"]["Containers"]
    source = container["ModelDataSource"]["S3DataSource"]
    model = build / ".local/s3" / source["S3Uri"].removeprefix("s3://")
    assert (model / "model/config.json").is_file()
    metadata = json.loads((model / "metadata.json").read_text())
    assert metadata["base"]["source"] == "models/tiny"
    assert metadata["base"]["licence"]

    again = make("run")
    assert again.returncode == 0, again.stdout[-6000:]
    cached = {step["name"] for step in last_run(build)["steps"] if step["cached"]}
    assert {"Prepare", "Train", "Evaluate"} <= cached


def test_a_gate_that_cannot_be_met_registers_nothing(build: Path, make: Make) -> None:
    """After the run before: nothing is trained again for another bound."""
    before = registered(build)
    done = make("run", args="--param MetricBound=1.5")
    assert done.returncode != 0
    assert "misses the bound 1.5" in last_run(build)["failure_reason"]
    assert last_run(build)["model_package_arn"] is None
    assert registered(build) == before


def test_shuffled_answers_are_refused(build: Path, make: Make) -> None:
    """Every row looks right, and there is nothing to learn from them."""
    before = registered(build)
    done = make("data", args="shuffled")
    assert done.returncode == 0, done.stdout
    done = make("run", args="--data data/shuffled.jsonl")
    assert done.returncode != 0
    steps = {step["name"]: step["status"] for step in last_run(build)["steps"]}
    assert steps["Evaluate"] == "Succeeded"
    assert steps["RegisterModel"] == "Skipped"
    assert "Not registered" in last_run(build)["failure_reason"]
    assert registered(build) == before


def write_shelves(path: Path, rows: int = 400) -> None:
    """Another task, in another shape, with one bad row: say in which shelf a thing is."""
    chance = random.Random(11)
    things = ["ladle", "whisk", "grater", "sieve", "tongs", "peeler"]
    shelves = ["upper", "middle", "lower"]
    lines = ['{"instruction": "Where is the ladle?"}']
    for number in range(rows):
        thing, shelf = chance.choice(things), chance.choice(shelves)
        lines.append(
            json.dumps(
                {
                    "instruction": "In which shelf is it?",
                    "input": f"Note {number}: the {thing} went to the {shelf} shelf.",
                    "output": f"{thing}: {shelf}",
                }
            )
        )
    path.write_text("".join(f"{line}\n" for line in lines))


def test_another_task_trains_by_editing_the_config_alone(
    render: Render, make: Make, build: Path
) -> None:
    write_shelves(build / "data/shelves.jsonl")
    configure(
        build,
        data={"source": "data/shelves.jsonl"},
        gate={"bound": None, "metric": "f1"},
        evaluate={"max_rows": 30, "metrics": ["f1"], "max_new_tokens": 16},
    )
    done = make("run")
    assert done.returncode == 0, done.stdout[-6000:]
    assert evaluation(build)["llm_metrics"]["f1"]["difference"] > 0.3
    reports = (build / ".local/runs").glob("*/Prepare/opt/ml/processing/output/reports/*.json")
    found = [json.loads(path.read_text()) for path in reports]
    (checked,) = [report for report in found if report["shape"] == "instruction"]
    assert checked["bad_rows"] == 1
    assert checked["bad"][0]["number"] == 1, "the row without an answer is named"


def test_the_machines_for_a_larger_model_are_named_offline(make: Make) -> None:
    done = make("plan", args="--parameters 8 --tuning qlora --length 2048 --batch-size 1")
    assert done.returncode == 0, done.stdout
    assert "ml.g6.xlarge" in done.stdout


# The shared parts, whose files are the same in every build repository, are tested in regression's.
OWN_TESTS = "--ignore=tests/mlops"


def test_lint_and_tests(render: Render, environment: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(render("llm_finetune") / "build", tmp_path / "build")
    make = make_in(folder, environment=environment, home=tmp_path)
    done = make("lint", "test", args=OWN_TESTS)
    assert done.returncode == 0, done.stdout[-6000:]


def test_the_demo_ends_with_an_answer(environment: Path, tmp_path: Path) -> None:
    """From the event with this profile to the smoke test of the deploy repository."""
    done = offline(
        "aiops", "demo", "--profile", "LLM fine-tuning", "--output", tmp_path / "out",
        "--cache", ENVIRONMENTS,
        cwd=tmp_path, home=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    left = json.loads((tmp_path / "out/report.json").read_text())
    assert left["template"] == "llm_finetune"
    assert left["pipeline"]["metrics"]["exact_match"] > 0.5
    answer = json.loads(left["prediction"]["value"])
    assert isinstance(answer, dict), "the sample's task is to answer in JSON"
    assert "smoke test passed" in done.stdout
