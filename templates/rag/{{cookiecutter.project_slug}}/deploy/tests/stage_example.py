"""A complete stage, from which a test changes what it is about, and the template it gives."""

from pathlib import Path
from typing import Any

import yaml
from aws_cdk import App
from aws_cdk.assertions import Template
from dotted_changes import with_changes
from template_reading import found, plain

from components.application import feature_flags
from components.deployment import Deployment
from components.model_package import ModelPackage
from components.settings import Settings, load_settings
from stacks.endpoint_stack import EndpointStack
from stacks.stage_config import RetrievalStageConfig

PROD = Path(__file__).parent.parent / "config" / "prod.yaml"
PACKAGE = ModelPackage.parse(
    "arn:aws:sagemaker:eu-west-1:111122223333:model-package/aiops-example-models/3"
)
PACKAGE_URI = "s3://shared/domain/project/runs/7/Index/package"
NOTHING = {"answers": [], "embedding": None, "embedding_endpoint": None, "reranker": None}
NOVA = {"id": "eu.amazon.nova-lite-v1:0", "profile_regions": ["eu-north-1", "eu-west-1"]}
GUARDRAIL = {
    "strength": "HIGH",
    "refusal": "No.",
    "mask_personal_data": True,
    "grounding": 0.7,
    "relevance": None,
}


def values(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """The values of the prod stage, without anything that is called, with changes by key."""
    stage: dict[str, Any] = yaml.safe_load(PROD.read_text(encoding="utf-8"))
    stage |= {"models": NOTHING, "guardrail": None, "tracing": None, "monitoring": None}
    return with_changes(stage, changes)


def stage_config(changes: dict[str, Any] | None = None) -> RetrievalStageConfig:
    """The checked configuration with changes by dotted key."""
    return RetrievalStageConfig.model_validate(values(changes))


def settings(**facts: Any) -> Settings:
    """The project in account 111122223333 and Region eu-west-1, with other facts on top."""
    account = {"account_id": "111122223333", "region": "eu-west-1"}
    stages = dict.fromkeys(("dev", "test", "prod"), account)
    known = {"aws": account, "stages": stages} | facts
    return Settings.model_validate(load_settings().model_dump() | known)


def synthesized(
    changes: dict[str, Any] | None = None, *, facts: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The stage's template, without the rules for whole stacks: `make synth` applies those."""
    app = App(context=feature_flags(), builtin_cloud_formation_validation=False)
    planned = Deployment(
        stage="prod",
        settings=settings(**(facts or {})),
        config=stage_config(changes),
        package=PACKAGE,
        artifact_uri=PACKAGE_URI,
        placeholders={},
    )
    template: dict[str, Any] = Template.from_stack(EndpointStack(app, deployment=planned)).to_json()
    return template


def role_statements(template: dict[str, Any]) -> dict[str, Any]:
    """The statements of the endpoint's role by their sid."""
    (policy,) = found(template, "::IAM::Policy")
    return {each["Sid"]: plain(each) for each in policy["PolicyDocument"]["Statement"]}
