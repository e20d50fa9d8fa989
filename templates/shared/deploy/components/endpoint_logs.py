"""The log group that SageMaker writes the container's output to."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from components.stage_config import LogsSection


def endpoint_log_group_name(endpoint_name: str) -> str:
    """The name that SageMaker expects for an endpoint's log group."""
    return f"/aws/sagemaker/Endpoints/{endpoint_name}"


class EndpointLogs(Construct):
    """Created before the endpoint: otherwise SageMaker makes it, unencrypted and kept forever."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        config: LogsSection,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = logs.CfnLogGroup(
            self,
            "LogGroup",
            log_group_name=endpoint_log_group_name(endpoint_name),
            retention_in_days=config.retention_days,
            kms_key_id=key.key_arn,
        )
        self.log_group.apply_removal_policy(
            RemovalPolicy.RETAIN if config.keep_after_deletion else RemovalPolicy.DESTROY
        )
