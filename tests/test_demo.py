"""`aiops demo`, as a newcomer runs it: to the end, without a network, and then once more."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import CHECKOUT, ENVIRONMENTS
from offline import offline
from test_rendered_build import write_used_cars

pytestmark = pytest.mark.xdist_group("build")
Demo = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def demo(folder: Path, build_environment: Path, deploy_environment: Path) -> Demo:
    def play(*options: str | Path) -> subprocess.CompletedProcess[str]:
        return offline(
            "aiops", "demo", "--output", folder / "out", "--cache", ENVIRONMENTS, *options,
            cwd=folder, home=folder,
        )  # fmt: skip

    return play


@pytest.fixture(scope="module")
def first(demo: Demo) -> subprocess.CompletedProcess[str]:
    done = demo()
    assert done.returncode == 0, done.stdout[-6000:]
    return done


def report(folder: Path) -> dict:
    return json.loads((folder / "out/report.json").read_text())


def git(repository: str, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", repository, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_demo_ends_with_a_prediction(
    first: subprocess.CompletedProcess[str], folder: Path
) -> None:
    left = report(folder)
    assert list(left) == [
        "project_id", "template", "repositories", "pipeline", "model_package", "stack",
        "prediction", "phases",
    ]  # fmt: skip
    assert left["project_id"] == "c1d2e3f4g5h6i7"
    assert left["template"] == "regression"
    assert [entry["role"] for entry in left["repositories"]] == ["build", "deploy"]
    for entry in left["repositories"]:
        assert git(entry["path"], "rev-parse", "main") == entry["commit"]
        assert git(entry["path"], "rev-parse", "main^{tree}") == entry["tree"]
        git(entry["path"], "fsck", "--strict")
    assert left["pipeline"]["status"] == "Succeeded"
    assert 45 < left["pipeline"]["metrics"]["rmse"] < 60
    template = json.loads(Path(left["stack"]["template"]).read_text())
    assert left["model_package"] in json.dumps(template)
    assert left["stack"]["resources"] == len(template["Resources"])
    # The target ranges from 25 to 346.
    assert 0 < left["prediction"]["value"] < 400
    assert left["prediction"]["record"]
    assert all(seconds >= 0 for seconds in left["phases"].values())
    assert f"{left['prediction']['value']:.4g}" in first.stdout


def masked(line: str) -> str:
    """A line of the demo without what differs from run to run and from folder to folder."""
    line = re.sub(r"(?<![\w/.])(?:\.demo|out)/\S+", "PATH", line)
    line = re.sub(r"VENV=\S+", "VENV=PATH", line)
    return re.sub(r"\b[0-9a-f]{12}\b|\d+(?:\.\d+)?", "N", line).strip()


def test_the_readme_shows_what_the_demo_prints(first: subprocess.CompletedProcess[str]) -> None:
    readme = (CHECKOUT / "README.md").read_text()
    shown = readme.split("$ make demo\n")[1].split("```")[0]
    assert list(map(masked, first.stdout.strip().splitlines())) == list(
        map(masked, shown.strip().splitlines())
    )


def test_a_second_demo_finds_everything_in_place(
    first: subprocess.CompletedProcess[str], demo: Demo, folder: Path
) -> None:
    before = report(folder)
    again = demo()
    assert again.returncode == 0, again.stdout[-6000:]
    after = report(folder)
    assert again.stdout.count("in place") >= 6
    for same in ("repositories", "pipeline", "model_package", "stack", "prediction"):
        assert after[same] == before[same]


def test_another_event_and_another_table_in_one_repository(demo: Demo, folder: Path) -> None:
    event = json.loads((CHECKOUT / "generator/events/create_project.json").read_text())
    event["detail"]["responseElements"]["id"] = "usedcars_0001-x"
    parameters = event["detail"]["requestParameters"]["userParameters"][0]
    for parameter in parameters["environmentParameters"]:
        if parameter["name"] == "gitFullRepositoryId":
            parameter["value"] = "acme-cars/used-cars"
    (folder / "event.json").write_text(json.dumps(event))
    write_used_cars(folder / "cars.csv")
    table = ("--data", "cars.csv", "--target", "price")
    done = demo("--event", "event.json", *table, "--repo-layout", "monorepo")
    assert done.returncode == 0, done.stdout[-6000:]
    left = report(folder)
    assert left["project_id"] == "usedcars_0001-x"
    (repository,) = left["repositories"]
    assert (repository["role"], repository["name"]) == ("project", "acme-cars/used-cars")
    assert git(repository["path"], "rev-parse", "main") == repository["commit"]
    assert set(left["prediction"]["record"]) >= {"maker", "fuel", "km"}
    assert left["pipeline"]["status"] == "Succeeded"


def test_another_table_for_a_project_that_is_there_is_refused(
    first: subprocess.CompletedProcess[str], demo: Demo, folder: Path
) -> None:
    write_used_cars(folder / "other.csv")
    done = demo("--data", "other.csv", "--target", "price")
    assert done.returncode == 2
    assert "data_source = 'data/diabetes.csv'" in done.stdout
    assert "another --output" in done.stdout


def test_another_layout_for_a_project_that_is_there_is_refused(
    first: subprocess.CompletedProcess[str], demo: Demo
) -> None:
    done = demo("--repo-layout", "monorepo")
    assert done.returncode == 2
    assert "set repo_layout back" in done.stdout


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--data", "missing.csv", "--target", "price"], "missing.csv"),
        (["--data", "event.json", "--target", "price"], "event.json"),
        (["--target", "price"], "--data"),
        (["--event", "missing.json"], "missing.json"),
    ],
)
def test_bad_options_are_refused_by_name(
    demo: Demo, folder: Path, options: list[str], named: str
) -> None:
    done = demo(*options)
    assert done.returncode == 2
    assert named in done.stdout
    assert "Traceback" not in done.stdout
