"""Endpoint, copies, adapter, scaling, engine and guardrail: what each configuration makes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template
from model_example import stage_config
from template_reading import found

from components.application import feature_flags
from components.deployment import Deployment
from components.model_package import ModelPackage
from components.settings import load_settings
from stacks.endpoint_stack import EndpointStack

PACKAGE = ModelPackage.parse(
    "arn:aws:sagemaker:eu-west-1:111122223333:model-package/aiops-example-models/3"
)
ADAPTER = {
    "base_artifacts_uri": "s3://models/base/qwen/",
    "image": "763104351884.dkr.ecr.eu-west-1.amazonaws.com/vllm:server-sagemaker-cuda-v2.6",
    "rank": 16,
    "loaded": 4,
}
Synthesize = Callable[..., dict[str, Any]]


@pytest.fixture
def synthesize() -> Synthesize:
    """A stage's template, without the rules for whole stacks: `make synth` applies those."""

    def make(changes: dict[str, Any] | None = None, **deployment: Any) -> dict[str, Any]:
        app = App(context=feature_flags(), builtin_cloud_formation_validation=False)
        planned = Deployment(
            stage="prod",
            settings=load_settings(),
            config=stage_config(changes),
            package=PACKAGE,
            artifact_uri=deployment.get("artifact_uri"),
            placeholders={},
        )
        template: dict[str, Any] = Template.from_stack(
            EndpointStack(app, deployment=planned)
        ).to_json()
        return template

    return make


def test_a_copy_says_what_it_takes(synthesize: Synthesize) -> None:
    (component,) = found(synthesize(), "::InferenceComponent")
    assert component["Specification"]["ComputeResourceRequirements"] == {
        "NumberOfAcceleratorDevicesRequired": 1,
        "NumberOfCpuCoresRequired": 2,
        "MinMemoryRequiredInMb": 8192,
    }
    assert component["RuntimeConfig"] == {"CopyCount": 2}


def test_a_new_model_replaces_copies_batch_by_batch(synthesize: Synthesize) -> None:
    (component,) = found(synthesize({"rollout.batch_percent": 20}), "::InferenceComponent")
    policy = component["DeploymentConfig"]["RollingUpdatePolicy"]
    assert policy["MaximumBatchSize"] == {"Type": "CAPACITY_PERCENT", "Value": 20}
    assert policy["RollbackMaximumBatchSize"] == {"Type": "CAPACITY_PERCENT", "Value": 100}
    assert policy["WaitIntervalInSeconds"] == 600
    alarms = component["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    assert len(alarms) == 3
    (without,) = found(synthesize({"rollout.rollback_on_alarm": False}), "::InferenceComponent")
    assert "AutoRollbackConfiguration" not in without["DeploymentConfig"]


def test_the_engine_is_told_what_was_checked(synthesize: Synthesize) -> None:
    changes = {"endpoint.environment": {"SM_VLLM_ENFORCE_EAGER": "true"}}
    (model,) = found(synthesize(changes), "::Model")
    assert model["PrimaryContainer"] == {
        "ModelPackageName": PACKAGE.arn,
        "Environment": {
            "SM_VLLM_MAX_MODEL_LEN": "8192",
            "SM_VLLM_MAX_NUM_SEQS": "32",
            "SM_VLLM_GPU_MEMORY_UTILIZATION": "0.9",
            "SM_VLLM_TENSOR_PARALLEL_SIZE": "1",
            "SM_VLLM_ENFORCE_EAGER": "true",
        },
    }


def test_copies_follow_their_requests(synthesize: Synthesize) -> None:
    template = synthesize()
    (target,) = found(template, "::ScalableTarget")
    name = load_settings().endpoint_name("prod")
    assert target["ResourceId"] == f"inference-component/{name}"
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 6)
    (policy,) = found(template, "::ScalingPolicy")
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["TargetValue"] == 16
    assert tracking["PredefinedMetricSpecification"]["PredefinedMetricType"].endswith(
        "ConcurrentRequestsPerCopyHighResolution"
    )


def test_a_request_that_finds_no_copy_starts_one(synthesize: Synthesize) -> None:
    template = synthesize({"copies.min": 0, "endpoint.min_instances": 0})
    (step,) = (each for each in found(template, "::ScalingPolicy") if "Step" in each["PolicyType"])
    assert step["StepScalingPolicyConfiguration"]["StepAdjustments"] == [
        {"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}
    ]
    (alarm,) = (
        each
        for each in found(template, "::Alarm")
        if each.get("MetricName") == "NoCapacityInvocationFailures"
    )
    assert alarm["AlarmActions"] == [{"Ref": next(_named(template, "StartFromZero"))}]
    assert found(synthesize(), "::ScalingPolicy")[0]["PolicyType"] == "TargetTrackingScaling"


def _named(template: dict[str, Any], part: str) -> Any:
    return (name for name in template["Resources"] if part in name)


def test_the_engines_own_metrics_are_asked_in_promql(synthesize: Synthesize) -> None:
    queries = {
        each["AlarmName"].rsplit("prod-", 1)[1]: each["EvaluationCriteria"]["PromQLCriteria"]
        for each in found(synthesize(), "::Alarm")
        if "EvaluationCriteria" in each
    }
    name = load_settings().endpoint_name("prod")
    label = f'"aws.sagemaker.inference_component.name"="{name}"'
    assert set(queries) == {"first-token-p90-seconds", "waiting-requests", "slow-tokens-per-second"}
    assert all(label in each["Query"] for each in queries.values())
    first = queries["first-token-p90-seconds"]
    assert first["Query"].startswith("histogram_quantile(0.9, sum by (le) (rate(")
    assert first["Query"].endswith("> 2")
    assert queries["slow-tokens-per-second"]["Query"].endswith("< 10")
    assert first["PendingPeriod"] == 300


def test_an_adapter_is_laid_over_a_base_that_stays(synthesize: Synthesize) -> None:
    folder = "s3://shared/project/runs/1"
    uri = f"{folder}/adapter.tar.gz"
    template = synthesize({"adapter": ADAPTER}, artifact_uri=folder)
    components = {each["InferenceComponentName"]: each for each in found(template, "Component")}
    name = load_settings().endpoint_name("prod")
    assert set(components) == {name, f"{name}-base"}
    specification = components[name]["Specification"]
    assert specification == {
        "BaseInferenceComponentName": f"{name}-base",
        "Container": {"ArtifactUrl": uri},
    }
    (model,) = found(template, "::Model")
    container = model["PrimaryContainer"]
    assert container["ModelDataSource"]["S3DataSource"]["S3Uri"] == ADAPTER["base_artifacts_uri"]
    assert container["Environment"]["SM_VLLM_ENABLE_LORA"] == "true"
    assert "ModelPackageName" not in container, "the base does not change with the package"
    assert template["Outputs"]["Serves"]["Value"] == uri
    policy = json.dumps(found(template, "::Policy"))
    assert "ReadBaseArtifacts" in policy and "models/base/qwen" in policy


def test_a_guardrail_masks_and_blocks(synthesize: Synthesize) -> None:
    guardrail = {"strength": "HIGH", "refusal": "No.", "mask_personal_data": True}
    template = synthesize({"guardrail": guardrail})
    (made,) = found(template, "::Guardrail")
    filters = {each["Type"]: each for each in made["ContentPolicyConfig"]["FiltersConfig"]}
    assert filters["PROMPT_ATTACK"]["OutputStrength"] == "NONE"
    assert filters["VIOLENCE"]["InputStrength"] == "HIGH"
    personal = made["SensitiveInformationPolicyConfig"]["PiiEntitiesConfig"]
    assert {each["Action"] for each in personal} == {"ANONYMIZE"}
    assert "GuardrailId" in template["Outputs"]
    assert "KmsKeyArn" in made
    assert not found(synthesize(), "::Guardrail")


def test_a_change_of_the_instances_is_a_new_configuration(synthesize: Synthesize) -> None:
    def name(changes: dict[str, Any] | None = None) -> str:
        (configuration,) = found(synthesize(changes), "::EndpointConfig")
        return str(configuration["EndpointConfigName"])

    assert name() == name({"copies.max": 5})
    assert name() != name({"endpoint.instance_type": "ml.g6e.4xlarge"})
    assert name() != name({"endpoint.max_instances": 7})
    assert name() != name({"endpoint.ami_version": "al2-ami-sagemaker-inference-gpu-2"})
