"""The copies of a model on the endpoint, and adapters that share a base model's copies."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from stacks.endpoint import VARIANT_NAME, ComponentEndpoint
from stacks.sections import CopiesSection, HostSection, RollingUpdateSection

_Component = sagemaker.CfnInferenceComponent


class ModelCopies(Construct):
    """An inference component: the model, what one copy takes, and how a new model replaces it.

    Its name stays: a new model is an update of the component, batch by batch, which goes back by
    itself when an alarm turns red.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        component_name: str,
        endpoint: ComponentEndpoint,
        model_name: str,
        host: HostSection,
        copies: CopiesSection,
        rollout: RollingUpdateSection,
        rollback_alarms: Sequence[cloudwatch.Alarm],
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = component_name
        self.component = _Component(
            self,
            "Component",
            inference_component_name=component_name,
            endpoint_name=endpoint.name,
            variant_name=VARIANT_NAME,
            specification=_Component.InferenceComponentSpecificationProperty(
                model_name=model_name,
                startup_parameters=_Component.InferenceComponentStartupParametersProperty(
                    container_startup_health_check_timeout_in_seconds=host.startup_timeout_seconds,
                    model_data_download_timeout_in_seconds=host.download_timeout_seconds,
                ),
                compute_resource_requirements=(
                    _Component.InferenceComponentComputeResourceRequirementsProperty(
                        number_of_accelerator_devices_required=copies.gpus,
                        number_of_cpu_cores_required=copies.vcpus,
                        min_memory_required_in_mb=copies.memory_mib,
                    )
                ),
            ),
            # At least one, so that a deployment proves that the model loads; the scaling takes
            # over from here. An update may set the number back, and the scaling raises it again.
            runtime_config=_Component.InferenceComponentRuntimeConfigProperty(
                copy_count=max(1, copies.min)
            ),
            deployment_config=_update(rollout, rollback_alarms),
        )
        self.component.node.add_dependency(endpoint.endpoint)


class Adapter(Construct):
    """An adapter component: small weights that are laid over the copies of a base model."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        component_name: str,
        endpoint: ComponentEndpoint,
        base: ModelCopies,
        artifact_uri: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = component_name
        self.component = _Component(
            self,
            "Component",
            inference_component_name=component_name,
            endpoint_name=endpoint.name,
            specification=_Component.InferenceComponentSpecificationProperty(
                base_inference_component_name=base.name,
                container=_Component.InferenceComponentContainerSpecificationProperty(
                    artifact_url=artifact_uri
                ),
            ),
        )
        self.component.node.add_dependency(base.component)


def _update(
    rollout: RollingUpdateSection, alarms: Sequence[cloudwatch.Alarm]
) -> sagemaker.CfnInferenceComponent.InferenceComponentDeploymentConfigProperty:
    size = _Component.InferenceComponentCapacitySizeProperty
    rollback = None
    if alarms and rollout.rollback_on_alarm:
        rollback = _Component.AutoRollbackConfigurationProperty(
            alarms=[_Component.AlarmProperty(alarm_name=alarm.alarm_name) for alarm in alarms]
        )
    return _Component.InferenceComponentDeploymentConfigProperty(
        rolling_update_policy=_Component.InferenceComponentRollingUpdatePolicyProperty(
            maximum_batch_size=size(type="CAPACITY_PERCENT", value=rollout.batch_percent),
            # All at once: the copies that worked are still needed everywhere.
            rollback_maximum_batch_size=size(type="CAPACITY_PERCENT", value=100),
            wait_interval_in_seconds=rollout.batch_wait_seconds,
            maximum_execution_timeout_in_seconds=rollout.timeout_seconds,
        ),
        auto_rollback_configuration=rollback,
    )
