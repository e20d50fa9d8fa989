"""A role that SageMaker takes, and the statements that all of its kind need: files, image, logs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from aws_cdk import CfnElement, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from components.acknowledgements import acknowledge


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


class SageMakerRole(Construct):
    """An IAM role for SageMaker and its policy, with one statement for each need."""

    def __init__(self, scope: Construct, construct_id: str, *, description: str) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description=description,
        )
        # SageMaker checks permissions when it is given the role: what is given it depends on this.
        self.permissions = iam.Policy(self, "Permissions", roles=[self.role])

    def allow(self, grant: Grant) -> None:
        """Add what the use case needs beside what every role of its kind has."""
        conditions = None
        if grant.conditions is not None:
            conditions = {operator: dict(test) for operator, test in grant.conditions.items()}
        self._allow(grant.sid, list(grant.actions), list(grant.resources), conditions)
        for finding, reason in grant.wildcards.items():
            self._accept_wildcard(finding, reason)

    def _read_artifacts(self, artifacts: ModelArtifacts, *, named: str) -> None:
        """Read all files below the prefix; the statements' sids end with ``named``."""
        bucket = f"arn:{Stack.of(self).partition}:s3:::{artifacts.bucket}"
        self._allow(f"Read{named}", ["s3:GetObject"], [f"{bucket}/{artifacts.prefix}/*"])
        self._allow(
            f"Find{named}",
            ["s3:ListBucket"],
            [bucket],
            {"StringLike": {"s3:prefix": f"{artifacts.prefix}/*"}},
        )
        self._accept_wildcard(
            f"Resource::arn:<AWS::Partition>:s3:::{artifacts.bucket}/{artifacts.prefix}/*",
            "Each model version has its own key below the project's prefix.",
        )
        if artifacts.kms_key_arn:
            self._allow(f"Decrypt{named}", ["kms:Decrypt"], [artifacts.kms_key_arn])

    def _objects_below(self, bucket: s3.Bucket, prefix: str, *, reason: str) -> str:
        """The ARN of all objects below a prefix of the stack's own bucket, a wildcard that is
        accepted for ``reason``."""
        stack = Stack.of(self)
        element = cast(CfnElement, bucket.node.default_child)
        logical_id = stack.resolve(stack.get_logical_id(element))
        self._accept_wildcard(f"Resource::<{logical_id}.Arn>/{prefix}/*", reason)
        return str(bucket.arn_for_objects(f"{prefix}/*"))

    def _pull_image(self, sid: str, *, account: str, repository: str) -> None:
        """Pull the images of one repository. Its log-in knows no resources: accept ``*``, too."""
        stack = Stack.of(self)
        self._allow(
            sid,
            [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ],
            [f"arn:{stack.partition}:ecr:{stack.region}:{account}:repository/{repository}"],
        )
        self._allow("LogInToImageRegistry", ["ecr:GetAuthorizationToken"], ["*"])

    def _write_logs(self, sid: str, *, group: str, streams: str, reason: str) -> None:
        """Write the streams of a log group that ``streams`` matches, a wildcard accepted for
        ``reason``."""
        stack = Stack.of(self)
        place = f"logs:{stack.region}:{stack.account}:log-group:{group}"
        arn = f"arn:{stack.partition}:{place}"
        self._allow(
            sid,
            [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ],
            [arn, f"{arn}:log-stream:{streams}"],
        )
        self._accept_wildcard(
            f"Resource::arn:<AWS::Partition>:{place}:log-stream:{streams}", reason
        )

    def _attach_encrypted_volumes(self, key: kms.IKey) -> None:
        self._allow(
            "AttachEncryptedVolumes",
            ["kms:CreateGrant"],
            [key.key_arn],
            {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        )

    def _attach_to_vpc(self) -> None:
        """Make network interfaces. These actions know no resources: accept ``*``, too."""
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
