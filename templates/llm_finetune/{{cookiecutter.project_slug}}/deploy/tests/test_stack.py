"""The stack of every stage: what the endpoint of a language model is made of."""

import json
from pathlib import Path

import pytest
from template_reading import Template, only

from components.settings import STAGES

pytestmark = pytest.mark.xdist_group("stack")
COMPONENT = "AWS::SageMaker::InferenceComponent"


def test_another_version_is_a_new_model_and_an_update_of_the_copies(
    changed_by_another_version: set[tuple[str, str]],
) -> None:
    assert changed_by_another_version == {
        ("AWS::SageMaker::Model", "ModelName"),
        ("AWS::SageMaker::Model", "PrimaryContainer"),
        (COMPONENT, "Specification"),
    }, "the endpoint stays as it is, and the component keeps its name: it is updated in place"


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_watches_encrypts_and_scales(
    templates: dict[str, Template], stage: str
) -> None:
    template = templates[stage]
    component = only(template, COMPONENT)["Properties"]
    assert component["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    configuration = only(template, "AWS::SageMaker::EndpointConfig")["Properties"]
    assert configuration["KmsKeyId"] == configuration["DataCaptureConfig"]["KmsKeyId"]
    assert configuration["EnableNetworkIsolation"] is True
    (variant,) = configuration["ProductionVariants"]
    assert "ModelName" not in variant, "models are placed as components"
    assert variant["ManagedInstanceScaling"]["Status"] == "ENABLED"
    assert only(template, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert only(template, "AWS::CloudWatch::Dashboard")


@pytest.mark.parametrize("stage", STAGES)
def test_the_component_serves_the_model_on_the_endpoint(
    templates: dict[str, Template], stage: str
) -> None:
    template = templates[stage]
    component = only(template, COMPONENT)["Properties"]
    model = only(template, "AWS::SageMaker::Model")["Properties"]
    outputs = {name: each["Value"] for name, each in template["Outputs"].items()}
    assert component["Specification"]["ModelName"] == model["ModelName"] == outputs["Serves"]
    assert component["InferenceComponentName"] == outputs["InferenceComponentName"]
    assert component["EndpointName"] == outputs["EndpointName"]
    assert "USD a month" in outputs["EstimatedCost"]


def test_production_survives_the_loss_of_a_copy_and_is_protected(
    workspace: Path, templates: dict[str, Template]
) -> None:
    target = only(templates["prod"], "AWS::ApplicationAutoScaling::ScalableTarget")["Properties"]
    assert target["MinCapacity"] >= 2
    manifest = json.loads((workspace / "cdk.out/prod/manifest.json").read_text())
    assert manifest["artifacts"]["Endpoint"]["properties"]["terminationProtection"] is True


def test_dev_costs_nothing_while_nobody_asks(templates: dict[str, Template]) -> None:
    target = only(templates["dev"], "AWS::ApplicationAutoScaling::ScalableTarget")["Properties"]
    assert target["MinCapacity"] == 0
    configuration = only(templates["dev"], "AWS::SageMaker::EndpointConfig")["Properties"]
    scaling = configuration["ProductionVariants"][0]["ManagedInstanceScaling"]
    assert scaling["MinInstanceCount"] == 0
