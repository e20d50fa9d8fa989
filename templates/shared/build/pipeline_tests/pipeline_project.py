"""A project of the tests' own: this repository's code, with settings that nobody edits.

The tests hold whatever `config/pipeline.yaml` and `cicd-config.json` of the repository say. What
the project's data and its configuration are is in `sample_project.py`.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from sample_project import CONFIG, FILES, PACKAGES

from mlops.errors import CommandError
from pipeline.config import PipelineConfig, load_config

REPOSITORY = Path(__file__).parent.parent
FACTS: dict[str, Any] = {
    "schema_version": 1,
    "role": "build",
    "template": {"name": "sample", "version": "0.0.0", "answers": {}},
    "project": {
        "name": "Harbour desk",
        "slug": "harbour-desk",
        "description": "Helps the harbour desk",
        "owner": "ml-team@example.com",
    },
    "aws": {"region": "eu-west-1"},
}
CLOUD_FACTS: dict[str, Any] = {
    "aws": {"region": "eu-west-1", "account_id": "123456789012"},
    "project": FACTS["project"] | {"id": "prj_1", "domain_id": "dzd_2", "scope_name": "dev"},
    "sagemaker": {"pipeline_role_arn": "arn:aws:iam::123456789012:role/pipeline"},
    "storage": {"bucket": "shared-bucket", "prefix": "domain/project"},
    "catalog": {"athena_workgroup": "analysts"},
    "mlflow": {
        "tracking_arn": "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/tracking"
    },
}


def write_project(
    root: Path, *, facts: dict[str, Any] | None = None, config: dict[str, Any] | None = None
) -> Path:
    """A copy of this repository's code at `root`, with the sample's files and settings.

    `facts` and `config` replace whole sections.
    """
    for package in PACKAGES:
        shutil.copytree(
            REPOSITORY / package, root / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    texts = FILES | {
        "config/pipeline.yaml": yaml.safe_dump(CONFIG | (config or {})),
        "cicd-config.json": json.dumps(FACTS | (facts or {})),
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def load(folder: Path, **sections: Any) -> PipelineConfig:
    """The sample's configuration with these sections, read from a file in `folder`."""
    path = folder / "pipeline.yaml"
    path.write_text(yaml.safe_dump(CONFIG | sections), encoding="utf-8")
    return load_config(path)


def refusal(folder: Path, **sections: Any) -> str:
    """What is said about the sample's configuration with these sections, which hold mistakes."""
    with pytest.raises(CommandError) as caught:
        load(folder, **sections)
    assert str(folder / "pipeline.yaml") in str(caught.value)
    assert caught.value.exit_code == 2
    return str(caught.value)
