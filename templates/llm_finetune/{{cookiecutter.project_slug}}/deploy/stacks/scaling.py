"""Adds and removes copies of the model, from zero and back to zero where that is wanted.

https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html
"""

from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from stacks.inference_component import ModelCopies
from stacks.sections import CopiesSection

_DIMENSION = "sagemaker:inference-component:DesiredCopyCount"
_NAMESPACE = "sagemaker"
# Looks every ten seconds: a queue of language model requests grows fast.
_METRIC = "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution"
_Policy = autoscaling.CfnScalingPolicy


class CopyScaling(Construct):
    """Follows the requests that each copy works on at the same time.

    That metric does not exist while there is no copy, so starting from zero is a policy of its
    own: the first request is refused, its failure rings an alarm, and the alarm adds a copy.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        copies: ModelCopies,
        config: CopiesSection,
    ) -> None:
        super().__init__(scope, construct_id)
        # The L2 construct would add a role that AWS ignores in favour of its service-linked one.
        self.target = autoscaling.CfnScalableTarget(
            self,
            "Target",
            service_namespace=_NAMESPACE,
            scalable_dimension=_DIMENSION,
            resource_id=f"inference-component/{copies.name}",
            min_capacity=config.min,
            max_capacity=config.max,
        )
        self.target.node.add_dependency(copies.component)
        _Policy(
            self,
            "FollowRequests",
            policy_name=f"{copies.name}-concurrent-requests",
            policy_type="TargetTrackingScaling",
            scaling_target_id=self.target.ref,
            target_tracking_scaling_policy_configuration=(
                _Policy.TargetTrackingScalingPolicyConfigurationProperty(
                    target_value=config.concurrent_requests,
                    predefined_metric_specification=(
                        _Policy.PredefinedMetricSpecificationProperty(
                            predefined_metric_type=_METRIC
                        )
                    ),
                    scale_out_cooldown=config.scale_out_cooldown_seconds,
                    scale_in_cooldown=config.scale_in_cooldown_seconds,
                )
            ),
        )
        if config.min == 0:
            self._start_from_zero(copies.name)

    def _start_from_zero(self, name: str) -> None:
        policy = _Policy(
            self,
            "StartFromZero",
            policy_name=f"{name}-start-from-zero",
            policy_type="StepScaling",
            scaling_target_id=self.target.ref,
            step_scaling_policy_configuration=_Policy.StepScalingPolicyConfigurationProperty(
                adjustment_type="ChangeInCapacity",
                metric_aggregation_type="Maximum",
                cooldown=60,
                step_adjustments=[
                    _Policy.StepAdjustmentProperty(
                        metric_interval_lower_bound=0, scaling_adjustment=1
                    )
                ],
            ),
        )
        cloudwatch.CfnAlarm(
            self,
            "NobodyThere",
            alarm_name=f"{name}-start-from-zero",
            alarm_description="A request came while there was no copy: starts one. Nothing to do.",
            actions_enabled=True,
            alarm_actions=[policy.ref],
            metric_name="NoCapacityInvocationFailures",
            namespace="AWS/SageMaker",
            dimensions=[
                cloudwatch.CfnAlarm.DimensionProperty(name="InferenceComponentName", value=name)
            ],
            statistic="Maximum",
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=1,
            period=30,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            treat_missing_data="missing",
        )
