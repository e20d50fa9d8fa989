"""The role of the monitoring job: it reads captured data and one package, and writes reports."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import CfnElement, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from components.acknowledgements import acknowledge
from components.data_capture import DataCapture
from components.execution_role import Grant, ModelArtifacts

_LOGS = "/aws/sagemaker/ProcessingJobs"


class MonitoringRole(Construct):
    """An IAM role for SageMaker and its policy, with one statement for each need."""

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
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self._job_prefix = job_prefix
        self._place = f"{stack.region}:{stack.account}"
        self.jobs = f"arn:{stack.partition}:sagemaker:{self._place}:processing-job/{job_prefix}-*"
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description=f"Runs the monitoring jobs of {endpoint_name}",
        )
        self.permissions = iam.Policy(self, "Permissions", roles=[self.role])
        self._read_captured_data(capture, reports, key)
        self._read_package(artifacts)
        self._pull_image(image_account, image_repository)
        self._write_logs()
        if in_vpc:
            self._attach_to_vpc()
        for grant in grants:
            conditions = grant.conditions or {}
            self._allow(
                grant.sid,
                list(grant.actions),
                list(grant.resources),
                {operator: dict(test) for operator, test in conditions.items()} or None,
            )
            for finding, reason in grant.wildcards.items():
                self._accept(finding, reason)

    def accept_job_names(self, policy: iam.Policy) -> None:
        """Say to the security rules why a policy names jobs by what their names begin with."""
        acknowledge(
            policy,
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:sagemaker:"
            f"{self._place}:processing-job/{self._job_prefix}-*]",
            reason="Each job has a name of its own, which begins with the endpoint's.",
        )

    def _read_captured_data(self, capture: DataCapture, reports: str, key: kms.Key) -> None:
        bucket = capture.bucket
        self._allow("ReadCapturedData", ["s3:GetObject"], [self._objects(capture, capture.prefix)])
        self._allow(
            "FindCapturedData",
            ["s3:ListBucket"],
            [bucket.bucket_arn],
            {"StringLike": {"s3:prefix": f"{capture.prefix}/*"}},
        )
        self._allow("WriteReports", ["s3:PutObject"], [self._objects(capture, reports)])
        self._allow(
            "DecryptAndEncrypt",
            ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
            [key.key_arn],
        )
        self._allow(
            "AttachEncryptedVolumes",
            ["kms:CreateGrant"],
            [key.key_arn],
            {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        )

    def _objects(self, capture: DataCapture, prefix: str) -> str:
        """All objects below a prefix of the bucket, which the security rules are told about."""
        stack = Stack.of(self)
        element = cast(CfnElement, capture.bucket.node.default_child)
        logical_id = stack.resolve(stack.get_logical_id(element))
        self._accept(
            f"Resource::<{logical_id}.Arn>/{prefix}/*",
            "Captured data and reports have keys of their own below the endpoint's prefixes.",
        )
        return str(capture.bucket.arn_for_objects(f"{prefix}/*"))

    def _read_package(self, artifacts: ModelArtifacts) -> None:
        bucket = f"arn:{Stack.of(self).partition}:s3:::{artifacts.bucket}"
        self._allow("ReadPackage", ["s3:GetObject"], [f"{bucket}/{artifacts.prefix}/*"])
        self._allow(
            "FindPackage",
            ["s3:ListBucket"],
            [bucket],
            {"StringLike": {"s3:prefix": f"{artifacts.prefix}/*"}},
        )
        self._accept(
            f"Resource::arn:<AWS::Partition>:s3:::{artifacts.bucket}/{artifacts.prefix}/*",
            "Each model version has its own key below the project's prefix.",
        )
        if artifacts.kms_key_arn:
            self._allow("DecryptPackage", ["kms:Decrypt"], [artifacts.kms_key_arn])

    def _pull_image(self, account: str, repository: str) -> None:
        stack = Stack.of(self)
        self._allow(
            "PullImage",
            [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ],
            [f"arn:{stack.partition}:ecr:{stack.region}:{account}:repository/{repository}"],
        )
        self._allow("LogInToImageRegistry", ["ecr:GetAuthorizationToken"], ["*"])
        self._accept(
            "Resource::*",
            "ecr:GetAuthorizationToken knows no resources, and cloudwatch:PutMetricData is limited"
            " by namespace. In a VPC the same holds for the ec2 actions on network interfaces.",
        )

    def _write_logs(self) -> None:
        group = f"arn:{Stack.of(self).partition}:logs:{self._place}:log-group:{_LOGS}"
        self._allow(
            "WriteLogs",
            [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ],
            [group, f"{group}:log-stream:{self._job_prefix}-*"],
        )
        self._accept(
            f"Resource::arn:<AWS::Partition>:logs:{self._place}:log-group:{_LOGS}"
            f":log-stream:{self._job_prefix}-*",
            "Each job writes its own stream in the log group of all processing jobs.",
        )
        self._allow(
            "PublishJobMetrics",
            ["cloudwatch:PutMetricData"],
            ["*"],
            {"StringEquals": {"cloudwatch:namespace": _LOGS}},
        )

    def _attach_to_vpc(self) -> None:
        self._allow(
            "AttachToVpc",
            [
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            ["*"],
        )

    def _allow(
        self,
        sid: str,
        actions: list[str],
        resources: list[str],
        conditions: dict[str, dict[str, str | list[str]]] | None = None,
    ) -> None:
        self.permissions.add_statements(
            iam.PolicyStatement(
                sid=sid, actions=actions, resources=resources, conditions=conditions
            )
        )

    def _accept(self, finding: str, reason: str) -> None:
        acknowledge(self.permissions, f"AwsSolutions-IAM5[{finding}]", reason=reason)
