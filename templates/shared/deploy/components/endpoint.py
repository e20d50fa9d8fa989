"""The endpoint and its configuration, with a rollout that undoes itself when alarms go red."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from components.data_capture import DataCapture
from components.model import Model
from components.naming import bounded, digest
from components.rollout import deployment_config
from components.rollout_config import RolloutSection
from components.stage_config import EndpointSection, ScalingSection

# Blue/green deployments need the same variant name in the old and the new configuration.
VARIANT_NAME = "main"


class Endpoint(Construct):
    """An endpoint that is updated in place, and a configuration that is new for each change."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        model: Model,
        config: EndpointSection,
        scaling: ScalingSection,
        rollout: RolloutSection,
        rollback_alarms: Sequence[cloudwatch.Alarm],
        key: kms.IKey,
        data_capture: DataCapture | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.variant_name = VARIANT_NAME
        variant = sagemaker.CfnEndpointConfig.ProductionVariantProperty(
            variant_name=VARIANT_NAME,
            model_name=model.name,
            instance_type=config.instance_type,
            initial_instance_count=scaling.min_instances,
            initial_variant_weight=1,
            container_startup_health_check_timeout_in_seconds=config.startup_timeout_seconds,
            model_data_download_timeout_in_seconds=config.download_timeout_seconds,
        )
        capture = None if data_capture is None else data_capture.endpoint_property(key)
        deployment = deployment_config(rollout, rollback_alarms)
        # No property of a configuration can be changed in place, so each is part of its name.
        # The rollout is, too: UpdateEndpoint wants a configuration that the endpoint has not got.
        inputs = Stack.of(self).resolve(
            [variant, capture, key.key_arn, deployment, scaling.automatic]
        )
        self.config_name = bounded(endpoint_name, digest(inputs))
        self.config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            endpoint_config_name=self.config_name,
            production_variants=[variant],
            # Encrypts the EBS volume; local NVMe disks are encrypted by their own hardware.
            kms_key_id=key.key_arn,
            data_capture_config=capture,
        )
        self.config.node.add_dependency(model.model)
        self.endpoint = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=endpoint_name,
            endpoint_config_name=self.config_name,
            deployment_config=deployment,
            # Autoscaling owns the number of instances: a deployment in the busy hour must start
            # with as many as there are now, not with the minimum. Weights stay ours. (The third
            # retained property, data capture, cannot be excluded, and with a new configuration
            # need not be.)
            retain_all_variant_properties=scaling.automatic,
            exclude_retained_variant_properties=[
                sagemaker.CfnEndpoint.VariantPropertyProperty(variant_property_type="DesiredWeight")
            ]
            if scaling.automatic
            else None,
        )
        self.endpoint.node.add_dependency(self.config)
