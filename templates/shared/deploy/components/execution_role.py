"""The role that the endpoint's instances run with: only what serving this one model needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from aws_cdk import CfnElement, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from components.acknowledgements import acknowledge
from components.endpoint_logs import endpoint_log_group_name

_METRIC_NAMESPACES = ["AWS/SageMaker", "/aws/sagemaker/Endpoints"]


@dataclass(frozen=True)
class ModelArtifacts:
    """Where model.tar.gz files lie: a bucket and a prefix without slashes at its ends."""

    bucket: str
    prefix: str
    kms_key_arn: str | None = None

    @classmethod
    def from_uri(cls, uri: str, *, kms_key_arn: str | None = None) -> "ModelArtifacts":
        """Take ``s3://bucket/prefix`` apart."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        return cls(bucket=bucket, prefix=prefix.strip("/"), kms_key_arn=kms_key_arn)


@dataclass(frozen=True)
class Grant:
    """One need of a use case: a statement of the role's policy.

    ``wildcards`` are the findings of the security rules that it raises, such as
    ``Resource::arn:.../*``, each with the reason why it is accepted.
    """

    sid: str
    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Mapping[str, Mapping[str, str | list[str]]] | None = None
    wildcards: Mapping[str, str] = field(default_factory=dict)


class ExecutionRole(Construct):
    """An IAM role for SageMaker and its policy, with one statement for each need."""

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
        super().__init__(scope, construct_id)
        self._key = key
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description=f"Runs the endpoint {endpoint_name}",
        )
        # SageMaker checks the permissions when a model is created, so a model depends on this.
        self.permissions = iam.Policy(self, "Permissions", roles=[self.role])
        self._read_artifacts(artifacts)
        self._pull_image(image_account, image_repository)
        self._write_logs(endpoint_name)
        self._publish_metrics()
        self._encrypt_volumes()
        if in_vpc:
            self._attach_to_vpc()

    def allow(self, grant: Grant) -> None:
        """Add what the use case needs beside what every endpoint does."""
        conditions = None
        if grant.conditions is not None:
            conditions = {operator: dict(test) for operator, test in grant.conditions.items()}
        self._allow(grant.sid, list(grant.actions), list(grant.resources), conditions)
        for finding, reason in grant.wildcards.items():
            self._accept_wildcard(finding, reason)

    def allow_data_capture(self, bucket: s3.Bucket, prefix: str) -> None:
        """Let the endpoint write captured requests below ``prefix``."""
        stack = Stack.of(self)
        logical_id = stack.resolve(
            stack.get_logical_id(cast(CfnElement, bucket.node.default_child))
        )
        self._allow("WriteCapturedData", ["s3:PutObject"], [bucket.arn_for_objects(f"{prefix}/*")])
        self._allow(
            "EncryptCapturedData", ["kms:Decrypt", "kms:GenerateDataKey"], [self._key.key_arn]
        )
        self._accept_wildcard(
            f"Resource::<{logical_id}.Arn>/{prefix}/*",
            "SageMaker chooses the object names below the endpoint's own prefix.",
        )

    def allow_artifacts(self, artifacts: ModelArtifacts, *, purpose: str) -> None:
        """Let the endpoint read further files; ``purpose`` names them in the policy: BaseModel."""
        self._read_artifacts(artifacts, purpose=purpose)

    def _read_artifacts(self, artifacts: ModelArtifacts, *, purpose: str = "Model") -> None:
        bucket = f"arn:{Stack.of(self).partition}:s3:::{artifacts.bucket}"
        objects = f"{bucket}/{artifacts.prefix}/*"
        self._allow(f"Read{purpose}Artifacts", ["s3:GetObject"], [objects])
        self._allow(
            f"Find{purpose}Artifacts",
            ["s3:ListBucket"],
            [bucket],
            {"StringLike": {"s3:prefix": f"{artifacts.prefix}/*"}},
        )
        self._accept_wildcard(
            f"Resource::arn:<AWS::Partition>:s3:::{artifacts.bucket}/{artifacts.prefix}/*",
            "Each model version has its own key below the project's prefix.",
        )
        if artifacts.kms_key_arn:
            self._allow(f"Decrypt{purpose}Artifacts", ["kms:Decrypt"], [artifacts.kms_key_arn])

    def _pull_image(self, account: str, repository: str) -> None:
        stack = Stack.of(self)
        self._allow(
            "PullServingImage",
            [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ],
            [f"arn:{stack.partition}:ecr:{stack.region}:{account}:repository/{repository}"],
        )
        self._allow("LogInToImageRegistry", ["ecr:GetAuthorizationToken"], ["*"])

    def _write_logs(self, endpoint_name: str) -> None:
        stack = Stack.of(self)
        group = (
            f"arn:{stack.partition}:logs:{stack.region}:{stack.account}"
            f":log-group:{endpoint_log_group_name(endpoint_name)}"
        )
        self._allow(
            "WriteContainerLogs",
            [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ],
            [group, f"{group}:log-stream:*"],
        )
        self._accept_wildcard(
            f"Resource::arn:<AWS::Partition>:logs:{stack.region}:{stack.account}"
            f":log-group:{endpoint_log_group_name(endpoint_name)}:log-stream:*",
            "Each instance writes its own stream in the endpoint's log group.",
        )

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

    def _encrypt_volumes(self) -> None:
        self._allow(
            "AttachEncryptedVolumes",
            ["kms:CreateGrant"],
            [self._key.key_arn],
            {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        )
        self._allow("DescribeKey", ["kms:DescribeKey"], [self._key.key_arn])

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

    def _accept_wildcard(self, finding: str, reason: str) -> None:
        acknowledge(self.permissions, f"AwsSolutions-IAM5[{finding}]", reason=reason)
