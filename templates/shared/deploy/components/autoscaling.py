"""Adds and removes instances so that each handles a set number of requests a minute."""

from aws_cdk import aws_applicationautoscaling as autoscaling
from constructs import Construct

from components.endpoint import Endpoint
from components.stage_config import ScalingSection

_DIMENSION = "sagemaker:variant:DesiredInstanceCount"
_NAMESPACE = "sagemaker"


class Autoscaling(Construct):
    """Target tracking on the invocations per instance.

    It cannot remove instances in the middle of a deployment: SageMaker refuses capacity changes
    while an endpoint is updating, and the update itself keeps the current count (see Endpoint).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        endpoint: Endpoint,
        config: ScalingSection,
    ) -> None:
        super().__init__(scope, construct_id)
        # The L2 construct would add a role that AWS ignores in favour of its service-linked one.
        self.target = autoscaling.CfnScalableTarget(
            self,
            "Target",
            service_namespace=_NAMESPACE,
            scalable_dimension=_DIMENSION,
            resource_id=f"endpoint/{endpoint_name}/variant/{endpoint.variant_name}",
            min_capacity=config.min_instances,
            max_capacity=config.max_instances,
        )
        self.target.node.add_dependency(endpoint.endpoint)
        self.policy = autoscaling.CfnScalingPolicy(
            self,
            "Policy",
            policy_name=f"{endpoint_name}-invocations-per-instance",
            policy_type="TargetTrackingScaling",
            scaling_target_id=self.target.ref,
            target_tracking_scaling_policy_configuration=(
                autoscaling.CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty(
                    target_value=config.invocations_per_instance_per_minute,
                    predefined_metric_specification=(
                        autoscaling.CfnScalingPolicy.PredefinedMetricSpecificationProperty(
                            predefined_metric_type="SageMakerVariantInvocationsPerInstance"
                        )
                    ),
                    scale_out_cooldown=config.scale_out_cooldown_seconds,
                    scale_in_cooldown=config.scale_in_cooldown_seconds,
                )
            ),
        )
