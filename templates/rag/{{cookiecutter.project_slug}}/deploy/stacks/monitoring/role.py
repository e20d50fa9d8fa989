"""The role of the monitoring job: it reads captured data and one package, and writes reports."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from components.acknowledgements import acknowledge
from components.data_capture import DataCapture
from components.sagemaker_role import Grant, ModelArtifacts, SageMakerRole

_LOGS = "/aws/sagemaker/ProcessingJobs"


class MonitoringRole(SageMakerRole):
    """What the jobs of one endpoint need, whose ARNs ``jobs`` matches."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        job_prefix: str,
        capture: DataCapture,
        reports: str,
        artifacts: ModelArtifacts,
        image_account: str,
        image_repository: str,
        key: kms.Key,
        grants: Sequence[Grant],
        in_vpc: bool,
    ) -> None:
        super().__init__(
            scope, construct_id, description=f"Runs the monitoring jobs of {endpoint_name}"
        )
        stack = Stack.of(self)
        self._job_names = f"sagemaker:{stack.region}:{stack.account}:processing-job/{job_prefix}-*"
        self.jobs = f"arn:{stack.partition}:{self._job_names}"
        self._read_captured_data(capture, reports, key)
        self._read_artifacts(artifacts, named="Package")
        self._pull_image("PullImage", account=image_account, repository=image_repository)
        self._accept_wildcard(
            "Resource::*",
            "ecr:GetAuthorizationToken knows no resources, and cloudwatch:PutMetricData is limited"
            " by namespace. In a VPC the same holds for the ec2 actions on network interfaces.",
        )
        self._write_logs(
            "WriteLogs",
            group=_LOGS,
            streams=f"{job_prefix}-*",
            reason="Each job writes its own stream in the log group of all processing jobs.",
        )
        self._allow(
            "PublishJobMetrics",
            ["cloudwatch:PutMetricData"],
            ["*"],
            {"StringEquals": {"cloudwatch:namespace": _LOGS}},
        )
        if in_vpc:
            self._attach_to_vpc()
        for grant in grants:
            self.allow(grant)

    def accept_job_names(self, policy: iam.Policy) -> None:
        """Say to the security rules why a policy names jobs by what their names begin with."""
        acknowledge(
            policy,
            f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:{self._job_names}]",
            reason="Each job has a name of its own, which begins with the endpoint's.",
        )

    def _read_captured_data(self, capture: DataCapture, reports: str, key: kms.Key) -> None:
        captured, written = (
            self._objects_below(
                capture.bucket,
                prefix,
                reason="Captured data and reports have keys of their own below the endpoint's"
                " prefixes.",
            )
            for prefix in (capture.prefix, reports)
        )
        self._allow("ReadCapturedData", ["s3:GetObject"], [captured])
        self._allow(
            "FindCapturedData",
            ["s3:ListBucket"],
            [capture.bucket.bucket_arn],
            {"StringLike": {"s3:prefix": f"{capture.prefix}/*"}},
        )
        self._allow("WriteReports", ["s3:PutObject"], [written])
        self._allow(
            "DecryptAndEncrypt",
            ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
            [key.key_arn],
        )
        self._attach_encrypted_volumes(key)
