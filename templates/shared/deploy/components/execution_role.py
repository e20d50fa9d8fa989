"""The role that the endpoint's instances run with: only what serving this one model needs."""

from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from components.endpoint_logs import endpoint_log_group_name
from components.sagemaker_role import ModelArtifacts, SageMakerRole

_METRIC_NAMESPACES = ["AWS/SageMaker", "/aws/sagemaker/Endpoints"]


class ExecutionRole(SageMakerRole):
    """What every endpoint needs; ``allow`` adds what its use case does."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        artifacts: ModelArtifacts,
        image_account: str,
        image_repository: str,
        key: kms.IKey,
        in_vpc: bool = False,
    ) -> None:
        super().__init__(scope, construct_id, description=f"Runs the endpoint {endpoint_name}")
        self._key = key
        self.allow_artifacts(artifacts, purpose="Model")
        self._pull_image("PullServingImage", account=image_account, repository=image_repository)
        self._write_logs(
            "WriteContainerLogs",
            group=endpoint_log_group_name(endpoint_name),
            streams="*",
            reason="Each instance writes its own stream in the endpoint's log group.",
        )
        self._publish_metrics()
        self._attach_encrypted_volumes(key)
        self._allow("DescribeKey", ["kms:DescribeKey"], [key.key_arn])
        if in_vpc:
            self._attach_to_vpc()

    def allow_data_capture(self, bucket: s3.Bucket, prefix: str) -> None:
        """Let the endpoint write captured requests below ``prefix``."""
        objects = self._objects_below(
            bucket,
            prefix,
            reason="SageMaker chooses the object names below the endpoint's own prefix.",
        )
        self._allow("WriteCapturedData", ["s3:PutObject"], [objects])
        self._allow(
            "EncryptCapturedData", ["kms:Decrypt", "kms:GenerateDataKey"], [self._key.key_arn]
        )

    def allow_artifacts(self, artifacts: ModelArtifacts, *, purpose: str) -> None:
        """Let the endpoint read files; ``purpose`` names them in the policy: Model, say."""
        self._read_artifacts(artifacts, named=f"{purpose}Artifacts")

    def _publish_metrics(self) -> None:
        self._allow(
            "PublishEndpointMetrics",
            ["cloudwatch:PutMetricData"],
            ["*"],
            {"StringEquals": {"cloudwatch:namespace": _METRIC_NAMESPACES}},
        )
        self._accept_wildcard(
            "Resource::*",
            "ecr:GetAuthorizationToken and cloudwatch:PutMetricData know no resources; the metrics"
            " are limited by namespace. In a VPC the same holds for the ec2 actions on network"
            " interfaces.",
        )
