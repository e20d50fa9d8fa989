"""A project of the tests' own: this repository's code, with settings that nobody edits.

The tests hold whatever `config/pipeline.yaml` and `cicd-config.json` of the repository say.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import yaml

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
