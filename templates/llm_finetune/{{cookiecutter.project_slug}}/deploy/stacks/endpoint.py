"""An endpoint without a model of its own: instances on which inference components are placed."""

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from components.data_capture import DataCapture
from components.execution_role import ExecutionRole
from components.naming import bounded, digest
from stacks.sections import HostSection

VARIANT_NAME = "main"


class ComponentEndpoint(Construct):
    """The instances, which SageMaker adds and removes as the copies on them need."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        config: HostSection,
        execution: ExecutionRole,
        key: kms.IKey,
        data_capture: DataCapture | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = endpoint_name
        variant = sagemaker.CfnEndpointConfig.ProductionVariantProperty(
            variant_name=VARIANT_NAME,
            instance_type=config.instance_type,
            # The variant starts with one; from then on the copies decide.
            initial_instance_count=max(1, config.min_instances),
            inference_ami_version=config.ami_version,
            managed_instance_scaling=(
                sagemaker.CfnEndpointConfig.ManagedInstanceScalingProperty(
                    status="ENABLED",
                    min_instance_count=config.min_instances,
                    max_instance_count=config.max_instances,
                )
            ),
            routing_config=sagemaker.CfnEndpointConfig.RoutingConfigProperty(
                # Answers differ in length by orders of magnitude: in turn would pile them up.
                routing_strategy="LEAST_OUTSTANDING_REQUESTS"
            ),
            container_startup_health_check_timeout_in_seconds=config.startup_timeout_seconds,
            model_data_download_timeout_in_seconds=config.download_timeout_seconds,
        )
        capture = None if data_capture is None else data_capture.endpoint_property(key)
        vpc = None
        if config.vpc is not None:
            vpc = sagemaker.CfnEndpointConfig.VpcConfigProperty(
                subnets=config.vpc.subnet_ids, security_group_ids=config.vpc.security_group_ids
            )
        metrics = sagemaker.CfnEndpointConfig.MetricsConfigProperty(
            # What the engine itself reports: time to the first token, queue, tokens a second.
            enable_detailed_observability=True,
            enable_enhanced_metrics=True,
            metric_publish_frequency_in_seconds=60,
        )
        # No property of a configuration can be changed in place, so each is part of its name.
        inputs = Stack.of(self).resolve(
            [
                *(variant, capture, vpc, metrics, config.network_isolation),
                *(key.key_arn, execution.role.role_arn),
            ]
        )
        self.config_name = bounded(endpoint_name, digest(inputs))
        self.config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            endpoint_config_name=self.config_name,
            execution_role_arn=execution.role.role_arn,
            enable_network_isolation=config.network_isolation,
            vpc_config=vpc,
            production_variants=[variant],
            metrics_config=metrics,
            # Encrypts the EBS volume; local NVMe disks are encrypted by their own hardware.
            kms_key_id=key.key_arn,
            data_capture_config=capture,
        )
        self.config.node.add_dependency(execution.permissions)
        self.endpoint = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=endpoint_name,
            endpoint_config_name=self.config_name,
        )
        self.endpoint.node.add_dependency(self.config)
