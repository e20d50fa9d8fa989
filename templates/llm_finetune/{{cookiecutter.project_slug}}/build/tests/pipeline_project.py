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
    "template": {"name": "llm_finetune", "version": "0.0.0", "answers": {}},
    "project": {
        "name": "Order desk",
        "slug": "order-desk",
        "description": "Answers orders",
        "owner": "ml-team@example.com",
    },
    "aws": {"region": "eu-west-1"},
}
CONFIG: dict[str, Any] = {
    "data": {"source": "data/orders.jsonl"},
    "model": {"source": "models/tiny", "max_length": 64},
    "gate": {"metric": "f1", "bound": 0.5},
}
CLOUD_FACTS: dict[str, Any] = {
    "aws": {"region": "eu-west-1", "account_id": "123456789012"},
    "project": FACTS["project"] | {"id": "prj_1", "domain_id": "dzd_2", "scope_name": "dev"},
    "sagemaker": {"pipeline_role_arn": "arn:aws:iam::123456789012:role/pipeline"},
    "storage": {"bucket": "shared-bucket", "prefix": "domain/project"},
    "catalog": {"athena_workgroup": "analysts"},
}
REVISION = "0123456789abcdef0123456789abcdef01234567"
ROW = '{"prompt": "two mugs", "completion": "{}"}\n'


def write_project(
    root: Path, *, facts: dict[str, Any] | None = None, config: dict[str, Any] | None = None
) -> Path:
    """A copy of this repository's code at `root`, with a row, a base model's configuration, and
    the tests' settings. `facts` and `config` replace whole sections.
    """
    for package in ("mlops", "pipeline", "source"):
        shutil.copytree(
            REPOSITORY / package, root / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for folder in ("data", "models/tiny", "config"):
        (root / folder).mkdir(parents=True)
    for name in ("orders.jsonl", "pairs.jsonl"):
        (root / "data" / name).write_text(ROW, encoding="utf-8")
    (root / "models/tiny/config.json").write_text("{}", encoding="utf-8")
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


def inputs_of(arguments: dict[str, Any]) -> dict[str, Any]:
    """Where each input of a processing job, or channel of a training job, comes from."""
    if "ProcessingInputs" in arguments:
        return {
            item["InputName"]: item.get("S3Input", {}).get("S3Uri")
            for item in arguments["ProcessingInputs"]
        }
    return {
        item["ChannelName"]: item["DataSource"]["S3DataSource"]["S3Uri"]
        for item in arguments["InputDataConfig"]
    }
