"""A project of the tests' own: this repository's code, with settings that nobody edits.

The tests hold whatever `config/pipeline.yaml` and `cicd-config.json` of the repository say.
"""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops.compile import CompiledPipeline, compile_pipeline

REPOSITORY = Path(__file__).parent.parent
FACTS: dict[str, Any] = {
    "schema_version": 1,
    "role": "build",
    "template": {"name": "regression", "version": "0.0.0", "answers": {}},
    "project": {
        "name": "House prices",
        "slug": "house-prices",
        "description": "Predicts house prices",
        "owner": "ml-team@example.com",
    },
    "aws": {"region": "eu-west-1"},
}
CONFIG: dict[str, Any] = {
    "data": {"source": "data/houses.csv", "target": "price"},
    "gate": {"metric": "rmse", "bound": 60},
}

MakeProject = Callable[..., Path]


def write_project(
    root: Path, *, facts: dict[str, Any] | None = None, config: dict[str, Any] | None = None
) -> Path:
    """A copy of this repository's code at `root`, with a small table and the tests' settings.

    `facts` and `config` replace whole sections.
    """
    for package in ("mlops", "pipeline", "source"):
        shutil.copytree(
            REPOSITORY / package, root / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    (root / "data").mkdir()
    (root / "data/houses.csv").write_text("rooms,price\n3,100\n4,140\n", encoding="utf-8")
    (root / "config").mkdir()
    (root / "config/pipeline.yaml").write_text(
        yaml.safe_dump(CONFIG | (config or {})), encoding="utf-8"
    )
    (root / "cicd-config.json").write_text(json.dumps(FACTS | (facts or {})), encoding="utf-8")
    return root


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """`make_project(name, facts=..., config=...)` writes a project below the test's folder."""

    def make(name: str = "project", **sections: Any) -> Path:
        return write_project(tmp_path / name, **sections)

    return make


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> CompiledPipeline:
    """The pipeline of the tests' project, compiled once per test process.

    Importing the SageMaker SDK takes seconds: mark tests that compile with
    `pytest.mark.xdist_group("compile")`, so that one process pays for it.
    """
    folder = tmp_path_factory.mktemp("compiled")
    return compile_pipeline(folder / "pipeline", root=write_project(folder / "project"))


@pytest.fixture(scope="session")
def step_named(compiled: CompiledPipeline) -> Callable[[str], dict[str, Any]]:
    """`step_named("Train")` is that step of the compiled definition."""
    return functools.partial(find_step, compiled.definition)


def find_step(definition: dict[str, Any], name: str) -> dict[str, Any]:
    """The step of a definition by its name, inside conditions too."""
    return {step["Name"]: step for step in all_steps(definition["Steps"])}[name]


def all_steps(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Steps, and those inside conditions, in order."""
    found = []
    for step in steps:
        found.append(step)
        if step["Type"] == "Condition":
            found += all_steps(step["Arguments"]["IfSteps"] + step["Arguments"]["ElseSteps"])
    return found
