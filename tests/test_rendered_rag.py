"""A RAG project from its event to an answer, then used as a data scientist uses it.

Documents are really indexed and questions really answered, with the encoder that is fitted on them.
The demo's clone of the build repository is the one that the other tests go on in.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from conftest import ENVIRONMENTS, Render
from offline import Make, assert_whole, evaluation, last_run, make_in, offline, registered

from generator.demo.environments import environment_for

pytestmark = pytest.mark.xdist_group("rag")


@pytest.fixture(scope="module")
def environment(render: Render) -> Path:
    """Where the build repository's commands run; installed once for all."""
    return environment_for(render("rag") / "build", ENVIRONMENTS)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rag")


@pytest.fixture(scope="module")
def played(
    home: Path, folder: Path, environment: Path, deploy_environment: Path
) -> subprocess.CompletedProcess[str]:
    """What the demo of this profile printed; it leaves its folders in `folder`."""
    done = offline(
        "aiops", "demo", "--profile", "RAG", "--output", folder / "out", "--cache", ENVIRONMENTS,
        cwd=folder, home=home,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    return done


@pytest.fixture(scope="module")
def build(played: subprocess.CompletedProcess[str], folder: Path) -> Path:
    """The demo's clone of the build repository, with an approved version in its registry."""
    (clone,) = (folder / "out/projects").glob("*/build")
    return clone


@pytest.fixture(scope="module")
def make(build: Path, environment: Path, home: Path) -> Make:
    """Run a target in the clone."""
    return make_in(build, environment=environment, home=home)


def manifest(build: Path) -> dict:
    return json.loads((Path(last_run(build)["model_data"]) / "manifest.json").read_text())


def test_the_demo_ends_with_an_answer(
    played: subprocess.CompletedProcess[str], folder: Path
) -> None:
    """From the event with this profile to the smoke test of the deploy repository."""
    left = json.loads((folder / "out/report.json").read_text())
    assert left["template"] == "rag"
    assert left["pipeline"]["metrics"]["recall_at_5"] > 0.6
    assert "smoke test passed" in played.stdout
    stack = Path(left["stack"]["template"]).read_text()
    assert left["model_package"] in stack
    # It quotes: what it says stands in the documents.
    answer = left["prediction"]["value"]
    quoted = answer.split("“")[1].split("”")[0]
    texts = (folder / f"out/projects/{left['project_id']}/build/corpus").rglob("*.*")
    assert len(quoted) > 20
    assert any(" ".join(quoted.split()) in " ".join(text.read_text().split()) for text in texts)


def test_the_registered_package_tells_what_it_is_made_of(build: Path) -> None:
    summary = last_run(build)
    assert registered(build) == ["1.json"]
    assert_whole(Path(summary["report"]))

    (package,) = (build / ".local/registry").glob("*/1.json")
    described = json.loads(package.read_text())
    corpus = json.loads((Path(summary["model_data"]) / "metadata.json").read_text())["corpus"]
    assert described["CustomerMetadataProperties"]["corpus_sha256"] == corpus["sha256"]
    assert described["CustomerMetadataProperties"]["licence"] == "PSF-2.0"
    card = json.loads(described["ModelCard"]["ModelCardContent"])
    details = card["additional_information"]["custom_details"]
    assert details["sha256 of the corpus"] == corpus["sha256"]
    assert details["languages"] == "en"


def test_the_next_run_repeats_nothing_and_is_compared_with_the_approved_version(
    build: Path, make: Make
) -> None:
    done = make("run")
    assert done.returncode == 0, done.stdout[-6000:]
    cached = {step["name"] for step in last_run(build)["steps"] if step["cached"]}
    assert {"Ingest", "Embed", "Index"} <= cached
    champion = evaluation(build)["gate"]["checks"]["champion"]
    assert champion["applied"]
    assert champion["excess"] <= 0


def test_a_gate_that_cannot_be_met_registers_nothing(build: Path, make: Make) -> None:
    before = registered(build)
    done = make("run", args="--param MetricBound=0.9999")
    assert done.returncode != 0
    assert "misses the bound 0.9999" in last_run(build)["failure_reason"]
    assert last_run(build)["model_package_arn"] is None
    assert registered(build) == before


def test_a_prompt_without_its_slot_is_refused(build: Path, make: Make) -> None:
    before = registered(build)
    prompt = build / "prompts/answer.md"
    text = prompt.read_text()
    try:
        prompt.write_text(text.replace("{context}", "the passages"))
        done = make("run")
    finally:
        prompt.write_text(text)
    assert done.returncode != 0
    assert "{context}" in last_run(build)["failure_reason"]
    assert registered(build) == before


def write_procedures(path: Path, numbers: Sequence[int]) -> None:
    """Other documents: rows of a table, each with the team that may see it."""
    acts = ["drain", "rinse", "grease", "seal", "weigh", "polish", "measure", "replace"]
    parts = ["bilge pump", "anchor winch", "fuel filter", "radar mast", "galley stove"]
    reasons = ["before a storm", "after long rest", "in cold harbours", "when it rattles"]
    lines = ["number,subject,body,team"]
    for number in numbers:
        act, part = acts[number % 8], parts[number % 5]
        body = (
            f"To {act} the {part} {reasons[number % 4]} open valve V{number} by two turns. "
            f"Then read gauge G{number} and write its value into log sheet {number}."
        )
        lines.append(
            f"p-{number},{act.title()} the {part},{body},{'deck' if number % 2 else 'engine'}"
        )
    path.write_text("\n".join(lines) + "\n")


def test_other_documents_are_indexed_by_editing_the_config_alone(build: Path, make: Make) -> None:
    write_procedures(build / "procedures.csv", range(40))
    path = build / "config/pipeline.yaml"
    content = yaml.safe_load(path.read_text())
    content["data"] |= {
        "source": "procedures.csv",
        "licence": None,
        "text_column": "body",
        "id_column": "number",
        "title_column": "subject",
        "metadata_columns": ["team"],
        "label_rule": "metadata:team",
        "near_duplicate_threshold": 1.0,
    }
    content["evaluate"]["questions"] = "generated"
    path.write_text(yaml.safe_dump(content))
    done = make("run")
    assert done.returncode == 0, done.stdout[-6000:]
    package = Path(last_run(build)["model_data"])
    chunks = [json.loads(line) for line in (package / "index/chunks.jsonl").open()]
    assert {tuple(chunk["labels"]) for chunk in chunks} == {("deck",), ("engine",)}
    assert len({chunk["document"] for chunk in chunks}) == 40


def test_what_was_embedded_before_is_not_embedded_again(build: Path, make: Make) -> None:
    """After the run before: one row is new, one is gone."""
    passages = manifest(build)["embedded"] + manifest(build)["reused"]
    write_procedures(build / "procedures.csv", range(1, 41))
    done = make("run")
    assert done.returncode == 0, done.stdout[-6000:]
    found = manifest(build)
    assert (len(found["added"]), len(found["removed"]), found["changed"]) == (1, 1, [])
    assert (found["embedded"], found["reused"]) == (1, passages - 1)
    chunks = (Path(last_run(build)["model_data"]) / "index/chunks.jsonl").read_text()
    assert "V40" in chunks
    assert "V0 " not in chunks


def test_questions_about_the_index_are_written_for_people_to_review(
    build: Path, make: Make
) -> None:
    reviewed = (build / "questions/questions.jsonl").read_text()
    done = make("questions", args="--output questions/procedures.jsonl")
    assert done.returncode == 0, done.stdout
    rows = [json.loads(line) for line in (build / "questions/procedures.jsonl").open()]
    assert len(rows) > 10
    assert all(row["question"] for row in rows)
    assert (build / "questions/questions.jsonl").read_text() == reviewed


def test_a_damaged_index_does_not_serve(build: Path, make: Make) -> None:
    package = Path(last_run(build)["model_data"])
    (vectors,) = package.rglob("vectors.npy")
    content = vectors.read_bytes()
    try:
        vectors.write_bytes(content[:-4] + bytes(4))
        done = make("serve", args=f"--model {package} --port 0")
    finally:
        vectors.write_bytes(content)
    assert done.returncode != 0
    assert "vectors.npy" in done.stdout
    assert "Traceback" not in done.stdout
    assert "serving on" not in done.stdout


# The shared parts, whose files are the same in every build repository, are tested in regression's.
OWN_TESTS = "--ignore=tests/mlops"


def test_lint_and_tests(render: Render, environment: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(render("rag") / "build", tmp_path / "build")
    make = make_in(folder, environment=environment, home=tmp_path)
    done = make("lint", "test", args=OWN_TESTS)
    assert done.returncode == 0, done.stdout[-6000:]
