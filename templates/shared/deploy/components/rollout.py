"""Translates the rollout section of a stage into SageMaker's blue/green deployment policy."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sagemaker as sagemaker

from components.rollout_config import RolloutSection

_Endpoint = sagemaker.CfnEndpoint


def deployment_config(
    rollout: RolloutSection, alarms: Sequence[cloudwatch.Alarm]
) -> sagemaker.CfnEndpoint.DeploymentConfigProperty:
    """The deployment policy: how traffic shifts, and which alarms shift it back."""
    names = [_Endpoint.AlarmProperty(alarm_name=alarm.alarm_name) for alarm in alarms]
    return _Endpoint.DeploymentConfigProperty(
        blue_green_update_policy=_Endpoint.BlueGreenUpdatePolicyProperty(
            traffic_routing_configuration=_routing(rollout),
            termination_wait_in_seconds=rollout.bake_seconds,
            maximum_execution_timeout_in_seconds=rollout.timeout_seconds,
        ),
        auto_rollback_configuration=(
            _Endpoint.AutoRollbackConfigProperty(alarms=names)
            if names and rollout.rollback_on_alarm
            else None
        ),
    )


def _routing(rollout: RolloutSection) -> sagemaker.CfnEndpoint.TrafficRoutingConfigProperty:
    if rollout.step_percent is None:
        return _Endpoint.TrafficRoutingConfigProperty(
            type="ALL_AT_ONCE", wait_interval_in_seconds=0
        )
    size = _Endpoint.CapacitySizeProperty(type="CAPACITY_PERCENT", value=rollout.step_percent)
    canary = rollout.strategy == "canary"
    return _Endpoint.TrafficRoutingConfigProperty(
        type="CANARY" if canary else "LINEAR",
        wait_interval_in_seconds=rollout.step_wait_seconds,
        canary_size=size if canary else None,
        linear_step_size=None if canary else size,
    )
