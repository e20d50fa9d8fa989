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
    "template": {"name": "rag", "version": "0.0.0", "answers": {}},
    "project": {
        "name": "Ship manuals",
        "slug": "ship-manuals",
        "description": "Answers questions about ships",
        "owner": "ml-team@example.com",
    },
    "aws": {"region": "eu-west-1"},
}
CONFIG: dict[str, Any] = {
    "data": {"source": "manuals/", "licence": "CC-BY-4.0"},
    "gate": {"metric": "mrr", "bound": 0.5},
}
CLOUD_FACTS: dict[str, Any] = {
    "aws": {"region": "eu-west-1", "account_id": "123456789012"},
    "project": FACTS["project"] | {"id": "prj_1", "domain_id": "dzd_2", "scope_name": "dev"},
    "sagemaker": {"pipeline_role_arn": "arn:aws:iam::123456789012:role/pipeline"},
    "storage": {"bucket": "shared-bucket", "prefix": "domain/project"},
    "catalog": {"athena_workgroup": "analysts"},
}


def write_project(
    root: Path, *, facts: dict[str, Any] | None = None, config: dict[str, Any] | None = None
) -> Path:
    """A copy of this repository's code at `root`, with two documents and the tests' settings.

    `facts` and `config` replace whole sections.
    """
    for package in ("mlops", "pipeline", "source", "prompts"):
        shutil.copytree(
            REPOSITORY / package, root / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("anchor.md", "bridge/radar.md"):
        path = root / "manuals" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("# Anchor\nIt is heavy.\n", encoding="utf-8")
    (root / "config").mkdir()
    (root / "config/pipeline.yaml").write_text(
        yaml.safe_dump(CONFIG | (config or {})), encoding="utf-8"
    )
    (root / "cicd-config.json").write_text(json.dumps(FACTS | (facts or {})), encoding="utf-8")
    return root


def all_steps(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Steps, and those inside conditions, in order."""
    found = []
    for step in steps:
        found.append(step)
        if step["Type"] == "Condition":
            found += all_steps(step["Arguments"]["IfSteps"] + step["Arguments"]["ElseSteps"])
    return found


def arguments_of(definition: dict[str, Any], name: str) -> dict[str, Any]:
    """The request of a step, by the step's name."""
    steps = {step["Name"]: step for step in all_steps(definition["Steps"])}
    return dict(steps[name]["Arguments"])


def inputs_of(arguments: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The S3 inputs of a processing job by their names; a query has none."""
    return {item["InputName"]: item.get("S3Input", {}) for item in arguments["ProcessingInputs"]}
