"""The stack of every stage: an endpoint of instances that serve one model."""

import json
from pathlib import Path

import pytest
from template_reading import Template, only

from components.settings import STAGES

pytestmark = pytest.mark.xdist_group("stack")


def test_another_version_is_a_new_model_and_an_update_of_the_endpoint(
    changed_by_another_version: set[tuple[str, str]],
) -> None:
    assert changed_by_another_version == {
        ("AWS::SageMaker::Model", "ModelName"),
        ("AWS::SageMaker::Model", "PrimaryContainer"),
        ("AWS::SageMaker::EndpointConfig", "EndpointConfigName"),
        ("AWS::SageMaker::EndpointConfig", "ProductionVariants"),
        ("AWS::SageMaker::Endpoint", "EndpointConfigName"),
    }, "the endpoint keeps its name, so CloudFormation updates it in place"


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_watches_encrypts_and_scales(
    templates: dict[str, Template], stage: str
) -> None:
    template = templates[stage]
    endpoint = only(template, "AWS::SageMaker::Endpoint")["Properties"]
    assert endpoint["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    assert endpoint["RetainAllVariantProperties"] is True
    configuration = only(template, "AWS::SageMaker::EndpointConfig")["Properties"]
    assert configuration["KmsKeyId"] == configuration["DataCaptureConfig"]["KmsKeyId"]
    assert only(template, "AWS::ApplicationAutoScaling::ScalingPolicy")
    assert only(template, "AWS::CloudWatch::Dashboard")


def test_production_is_protected_and_spread_over_instances(
    workspace: Path, templates: dict[str, Template]
) -> None:
    variants = only(templates["prod"], "AWS::SageMaker::EndpointConfig")["Properties"]
    assert variants["ProductionVariants"][0]["InitialInstanceCount"] >= 2
    policy = only(templates["prod"], "AWS::SageMaker::Endpoint")["Properties"]["DeploymentConfig"]
    traffic = policy["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert traffic["Type"] in ("CANARY", "LINEAR")
    manifest = json.loads((workspace / "cdk.out/prod/manifest.json").read_text())
    assert manifest["artifacts"]["Endpoint"]["properties"]["terminationProtection"] is True
