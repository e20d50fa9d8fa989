"""A complete stage, from which a test changes what it is about, and the template it gives."""

import copy
from pathlib import Path
from typing import Any

import yaml
from aws_cdk import App
from aws_cdk.assertions import Template

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
    changed: dict[str, Any] = copy.deepcopy(yaml.safe_load(PROD.read_text(encoding="utf-8")))
    changed |= {"models": dict(NOTHING), "guardrail": None, "tracing": None, "monitoring": None}
    for key, value in (changes or {}).items():
        *path, last = key.split(".")
        section = changed
        for part in path:
            section = section[part]
        section[last] = value
    return changed


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


def found(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The properties of all resources whose type ends with ``kind``."""
    return [
        each["Properties"] for each in template["Resources"].values() if each["Type"].endswith(kind)
    ]


def plain(value: Any) -> Any:
    """Fn::Join as text, with references in angle brackets."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::Join"}:
        return "".join(map(str, plain(value["Fn::Join"][1])))
    if set(value) == {"Ref"}:
        return "aws" if value["Ref"] == "AWS::Partition" else f"<{value['Ref']}>"
    if set(value) == {"Fn::GetAtt"}:
        return f"<{'.'.join(value['Fn::GetAtt'])}>"
    return {key: plain(item) for key, item in value.items()}


def role_statements(template: dict[str, Any]) -> dict[str, Any]:
    """The statements of the endpoint's role by their sid."""
    (policy,) = found(template, "::IAM::Policy")
    return {each["Sid"]: plain(each) for each in policy["PolicyDocument"]["Statement"]}
