"""The project that every way makes: fixed answers and facts, so that all do the same work."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import generator
from generator.catalog import load
from generator.create import ProjectPlan, plan_rendering
from generator.facts import ProjectFacts
from generator.location import templates_folder
from generator.request import ProjectRequest

ACCOUNT, REGION = "111122223333", "eu-west-1"
DOMAIN, PROJECT = "dzd_4q7x2m9k1b3c5d", "c1d2e3f4g5h6i7"
EVENT = Path(generator.__file__).with_name("events") / "create_project.json"
CREATED = datetime(2026, 11, 20, 9, 14, 5, tzinfo=UTC)


def plan(template: str, build: str, deploy: str) -> ProjectPlan:
    """Render `template` for the project with the repositories `build` and `deploy`."""
    chosen = load(templates_folder()).named(template)
    request = ProjectRequest(
        event_id="benchmark",
        created_at=CREATED,
        account_id=ACCOUNT,
        region=REGION,
        domain_id=DOMAIN,
        project_id=PROJECT,
        profile_id=None,
        name=None,
        build_repository=build,
        default_branch="main",
        connection_arn=None,
    )
    facts = ProjectFacts(
        project_id=PROJECT,
        name="House prices",
        profile=chosen.profiles[0],
        domain_id=DOMAIN,
        account_id=ACCOUNT,
        region=REGION,
        build_repository=build,
        deploy_repository=deploy,
        default_branch="main",
        pipeline_role_arn=f"arn:aws:iam::{ACCOUNT}:role/datazone_usr_role_{PROJECT}",
        bucket=f"amazon-sagemaker-{ACCOUNT}-{REGION}",
        prefix=f"{DOMAIN}/{PROJECT}/dev",
        scope_name="dev",
    )
    return plan_rendering(request, facts, chosen)


def creation(project: str, build: str) -> dict[str, Any]:
    """Return the CreateProject event of a project of the name `project` with a repository."""
    event: dict[str, Any] = json.loads(EVENT.read_text())
    event["detail"]["responseElements"]["id"] = project
    for group in event["detail"]["requestParameters"]["userParameters"]:
        for parameter in group["environmentParameters"]:
            if parameter["name"] == "gitFullRepositoryId":
                parameter["value"] = build
    return event
