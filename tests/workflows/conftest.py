"""Rendered repositories whose workflows are run: with the facts of a cloud project, or without."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from conftest import Render, run

from workflows.places import LAYOUTS, ROLES, Place, rendered

ACCOUNT = "111122223333"
REGION = "eu-west-1"
BUILD_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aiops-build"
GROUP = "aiops-p1-models"
NEW = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/{GROUP}/7"
OLD = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/{GROUP}/6"

Repository = Callable[..., Place]


def deploy_role(stage: str) -> str:
    """The deploy role that the filled-in facts give a stage."""
    return f"arn:aws:iam::{ACCOUNT}:role/aiops-deploy-{stage}"


def fill_in(config: dict[str, Any]) -> dict[str, Any]:
    """A cicd-config.json with the facts that a cloud project has."""
    stages = {
        stage: {"account_id": ACCOUNT, "region": REGION, "deploy_role_arn": deploy_role(stage)}
        for stage in config["stages"]
    }
    stages["dev"]["build_role_arn"] = BUILD_ROLE
    return {
        **config,
        "aws": {"account_id": ACCOUNT, "region": REGION},
        "sagemaker": {"domain_arn": None, "pipeline_role_arn": BUILD_ROLE},
        "stages": stages,
        "storage": {"bucket": "domain-bucket", "prefix": "domain/p1"},
    }


@pytest.fixture(scope="session")
def places(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """`places(layout, role, facts=True)`: a role's part of a repository that is under git."""

    @cache
    def under_git(layout: str, name: str, facts: bool) -> Path:
        home = tmp_path_factory.mktemp("repository")
        folder = home / name
        project = rendered(render, layout)
        shutil.copytree(project if layout == "monorepo" else project / name, folder)
        if facts:
            for file in folder.rglob("cicd-config.json"):
                file.write_text(json.dumps(fill_in(json.loads(file.read_text())), indent=2))
        for command in (
            ("init", "--quiet", "--initial-branch=main"),
            ("add", "--all"),
            ("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-mFirst"),
            ("remote", "add", "origin", f"https://github.com/example/{name}.git"),
        ):
            done = run("git", *command, cwd=folder, HOME=str(home))
            assert done.returncode == 0, done.stdout
        return folder

    def made(layout: str, role: str, *, facts: bool = True) -> Place:
        assert role in ROLES
        if layout == "monorepo":
            return Place(under_git(layout, "project", facts), role, role)
        return Place(under_git(layout, role, facts), role, "")

    return made


@pytest.fixture(params=LAYOUTS)
def repository(request: pytest.FixtureRequest, places: Repository) -> Repository:
    """`repository(role, facts=True)`: a role's part of a repository; runs work on copies of it."""
    return partial(places, request.param)
