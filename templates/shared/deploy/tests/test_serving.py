"""Model, endpoint configuration and endpoint: what they say, and what changes their names."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template
from example import ALL_AT_ONCE, ENDPOINT_NAME, LINEAR, PACKAGE, stage_config

from components.autoscaling import Autoscaling
from components.data_capture import DataCapture
from components.endpoint import Endpoint
from components.execution_role import ExecutionRole
from components.model import Model
from components.model_package import ModelPackage
from components.sagemaker_role import ModelArtifacts

Serve = Callable[..., dict[str, dict[str, Any]]]
OTHER = ModelPackage.parse(PACKAGE.arn.replace("/3", "/4"))
IN_VPC = {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}


@pytest.fixture
def serve(new_stack: Callable[[], Stack]) -> Serve:
    """Synthesize what serves; returns the properties by the end of each resource's type."""

    def synthesize(
        changes: dict[str, Any] | None = None, package: ModelPackage = PACKAGE
    ) -> dict[str, dict[str, Any]]:
        config = stage_config(changes)
        stack = new_stack()
        key = kms.Key(stack, "Key")
        execution = ExecutionRole(
            stack,
            "Execution",
            endpoint_name=ENDPOINT_NAME,
            artifacts=ModelArtifacts("bucket", "prefix"),
            image_account="141502667606",
            image_repository="sagemaker-xgboost",
            key=key,
        )
        alarm = cloudwatch.Metric(namespace="N", metric_name="M").create_alarm(
            stack, "Alarm", alarm_name="red", threshold=1, evaluation_periods=1
        )
        capture = None
        if config.data_capture.enabled:
            capture = DataCapture(
                stack, "C", endpoint_name=ENDPOINT_NAME, config=config.data_capture, key=key
            )
        model = Model(
            stack,
            "Serving",
            endpoint_name=ENDPOINT_NAME,
            package=package,
            config=config.endpoint,
            execution=execution,
        )
        endpoint = Endpoint(
            stack,
            "Hosting",
            endpoint_name=ENDPOINT_NAME,
            model=model,
            config=config.endpoint,
            scaling=config.scaling,
            rollout=config.rollout,
            rollback_alarms=[alarm],
            key=key,
            data_capture=capture,
        )
        if config.scaling.automatic:
            Autoscaling(
                stack,
                "Scaling",
                endpoint_name=ENDPOINT_NAME,
                endpoint=endpoint,
                config=config.scaling,
            )
        resources = Template.from_stack(stack).to_json()["Resources"].values()
        return {
            each["Type"].rsplit("::")[-1]: each["Properties"] | {"DependsOn": each.get("DependsOn")}
            for each in resources
            if each["Type"].startswith(("AWS::SageMaker::", "AWS::ApplicationAutoScaling::"))
        }

    return synthesize


def test_the_model_is_made_from_the_package_alone(serve: Serve) -> None:
    model = serve()["Model"]
    assert model["PrimaryContainer"] == {"ModelPackageName": PACKAGE.arn}
    assert model["EnableNetworkIsolation"] is True
    assert "VpcConfig" not in model
    assert any("Permissions" in name for name in model["DependsOn"])


def test_the_model_can_have_variables_and_a_network(serve: Serve) -> None:
    changes = {
        "endpoint.environment": {"OMP_NUM_THREADS": "1"},
        "endpoint.vpc": IN_VPC,
        "endpoint.network_isolation": False,
    }
    model = serve(changes)["Model"]
    assert model["PrimaryContainer"]["Environment"] == {"OMP_NUM_THREADS": "1"}
    assert model["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    assert model["EnableNetworkIsolation"] is False


def test_volume_and_captured_data_are_encrypted(serve: Serve) -> None:
    config = serve()["EndpointConfig"]
    assert config["KmsKeyId"] == config["DataCaptureConfig"]["KmsKeyId"]
    capture = config["DataCaptureConfig"]
    assert capture["InitialSamplingPercentage"] == 50
    assert {each["CaptureMode"] for each in capture["CaptureOptions"]} == {"Input", "Output"}
    assert capture["DestinationS3Uri"]["Fn::Join"][1][-1] == f"/{ENDPOINT_NAME}"


def test_capture_can_be_off(serve: Serve) -> None:
    assert "DataCaptureConfig" not in serve({"data_capture.enabled": False})["EndpointConfig"]


def test_the_variant_starts_with_the_fewest_instances(serve: Serve) -> None:
    (variant,) = serve()["EndpointConfig"]["ProductionVariants"]
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.m5.xlarge", 2)
    assert variant["ModelDataDownloadTimeoutInSeconds"] == 600


@pytest.mark.parametrize(
    ("changes", "routing"),
    [
        (
            {},
            {
                "Type": "CANARY",
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
                "WaitIntervalInSeconds": 300,
            },
        ),
        (
            LINEAR,
            {
                "Type": "LINEAR",
                "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25},
                "WaitIntervalInSeconds": 180,
            },
        ),
        (ALL_AT_ONCE, {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}),
    ],
    ids=["canary", "linear", "all at once"],
)
def test_rollouts(serve: Serve, changes: dict[str, Any], routing: dict[str, Any]) -> None:
    deployment = serve(changes)["Endpoint"]["DeploymentConfig"]
    policy = deployment["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"] == routing
    assert policy["TerminationWaitInSeconds"] == 600
    assert policy["MaximumExecutionTimeoutInSeconds"] == 3600
    (alarm,) = deployment["AutoRollbackConfiguration"]["Alarms"]
    assert alarm["AlarmName"]["Ref"].startswith("Alarm"), "a reference: the alarm exists first"


def test_alarms_can_be_left_out_of_a_rollout(serve: Serve) -> None:
    endpoint = serve({"rollout.rollback_on_alarm": False})["Endpoint"]
    assert "AutoRollbackConfiguration" not in endpoint["DeploymentConfig"]


def test_a_deployment_keeps_the_number_of_instances_that_autoscaling_chose(serve: Serve) -> None:
    endpoint = serve()["Endpoint"]
    assert endpoint["RetainAllVariantProperties"] is True
    assert endpoint["ExcludeRetainedVariantProperties"] == [
        {"VariantPropertyType": "DesiredWeight"}
    ]


def test_without_autoscaling_the_configured_number_counts(serve: Serve) -> None:
    endpoint = serve({"scaling.max_instances": 2})["Endpoint"]
    assert endpoint["RetainAllVariantProperties"] is False
    assert "ExcludeRetainedVariantProperties" not in endpoint


def test_instances_follow_the_requests(serve: Serve) -> None:
    found = serve()
    target, policy = found["ScalableTarget"], found["ScalingPolicy"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 4)
    assert target["ResourceId"] == f"endpoint/{ENDPOINT_NAME}/variant/main"
    assert target["ScalableDimension"] == "sagemaker:variant:DesiredInstanceCount"
    assert any(name.startswith("HostingEndpoint") for name in target["DependsOn"])
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "PredefinedMetricSpecification": {
            "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
        },
        "TargetValue": 600,
        "ScaleOutCooldown": 60,
        "ScaleInCooldown": 300,
    }


def test_a_fixed_number_of_instances_needs_no_autoscaling(serve: Serve) -> None:
    assert "ScalableTarget" not in serve({"scaling.max_instances": 2})


def names(resources: dict[str, dict[str, Any]]) -> tuple[str, str, str]:
    return (
        resources["Model"]["ModelName"],
        resources["EndpointConfig"]["EndpointConfigName"],
        resources["Endpoint"]["EndpointName"],
    )


def test_the_same_inputs_give_the_same_names(serve: Serve) -> None:
    assert names(serve()) == names(serve())
    assert serve()["Endpoint"]["EndpointConfigName"] == names(serve())[1]
    assert all(len(name) <= 63 for name in names(serve()))


def test_another_package_is_another_model_and_configuration_of_the_same_endpoint(
    serve: Serve,
) -> None:
    model, config, endpoint = names(serve())
    other_model, other_config, same_endpoint = names(serve(package=OTHER))
    assert model != other_model
    assert config != other_config
    assert endpoint == same_endpoint == ENDPOINT_NAME


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint.network_isolation": False},
        {"endpoint.environment": {"A": "1"}},
        {"endpoint.vpc": IN_VPC},
    ],
    ids=str,
)
def test_what_changes_the_model_changes_both_names(serve: Serve, changes: dict[str, Any]) -> None:
    before, after = names(serve()), names(serve(changes))
    assert before[0] != after[0] and before[1] != after[1]


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint.instance_type": "ml.m5.large"},
        {"endpoint.startup_timeout_seconds": 400},
        {"scaling.min_instances": 3},
        {"data_capture.sampling_percent": 51},
        {"data_capture.enabled": False},
        {"rollout.bake_seconds": 700},
        {"rollout.rollback_on_alarm": False},
        {"scaling.max_instances": 2},
    ],
    ids=str,
)
def test_what_changes_the_rest_changes_the_configurations_name_only(
    serve: Serve, changes: dict[str, Any]
) -> None:
    # Neither can be changed in place: with an unchanged name the deployment would fail.
    before, after = names(serve()), names(serve(changes))
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_what_concerns_neither_changes_no_name(serve: Serve) -> None:
    changes = {"logs.retention_days": 90, "scaling.scale_in_cooldown_seconds": 10}
    assert names(serve()) == names(serve(changes))
