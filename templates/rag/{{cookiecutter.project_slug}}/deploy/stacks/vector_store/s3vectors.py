"""A vector bucket of Amazon S3: encrypted, written by the pipeline alone, read by endpoints.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-access-management.html
"""

from collections.abc import Mapping, Sequence
from functools import partial

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3vectors as s3vectors
from constructs import Construct

from components.sagemaker_role import Grant

READ = ("s3vectors:GetIndex", "s3vectors:GetVectors", "s3vectors:QueryVectors")
_WRITE = (
    *("s3vectors:CreateIndex", "s3vectors:DeleteIndex"),
    *("s3vectors:PutVectors", "s3vectors:DeleteVectors"),
)
_INDEXING = "indexing.s3vectors.amazonaws.com"


def bucket_arn(*, partition: str, region: str, account: str, name: str) -> str:
    """The ARN of a vector bucket; those of its indexes follow a slash."""
    return f"arn:{partition}:s3vectors:{region}:{account}:bucket/{name}"


class VectorBucket(Construct):
    """The bucket and its policy.

    ``readers`` are the stages in other accounts, by account: their endpoints' roles, known by the
    ``tags`` that every resource of the project has.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        key: kms.Key,
        pipeline_role_arn: str,
        readers: Mapping[str, Sequence[str]],
        tags: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        arn = bucket_arn(
            partition=stack.partition, region=stack.region, account=stack.account, name=name
        )
        indexes = f"{arn}/index/*"
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="IndexingInTheBackground",
                principals=[iam.ServicePrincipal(_INDEXING)],
                actions=["kms:Decrypt"],
                resources=["*"],
                conditions={
                    "ArnLike": {"aws:SourceArn": [arn, f"{arn}/*"]},
                    "StringEquals": {"aws:SourceAccount": stack.account},
                },
            )
        )
        self.bucket = s3vectors.CfnVectorBucket(
            self,
            "Bucket",
            vector_bucket_name=name,
            encryption_configuration=s3vectors.CfnVectorBucket.EncryptionConfigurationProperty(
                sse_type="aws:kms", kms_key_arn=key.key_arn
            ),
        )
        self.bucket.apply_removal_policy(RemovalPolicy.RETAIN)
        statements = [_only_the_pipeline_writes(indexes, pipeline_role_arn)]
        for account, stages in sorted(readers.items()):
            reading = partial(_reading, account=account, stages=stages, tags=tags)
            statements.append(reading(READ, indexes))
            key.add_to_resource_policy(reading(["kms:Decrypt"], "*"))
        policy = s3vectors.CfnVectorBucketPolicy(
            self,
            "Policy",
            vector_bucket_name=name,
            policy=iam.PolicyDocument(statements=statements),
        )
        policy.add_resource_dependency(self.bucket)
        every = {
            f"Resource::{indexes.replace(stack.partition, '<AWS::Partition>')}": (
                "Each build makes an index of its own in the project's bucket."
            )
        }
        self.writing = [
            Grant("WriteVectors", [*READ, *_WRITE], [indexes], wildcards=every),
            Grant("EncryptVectors", ["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn]),
        ]
        self.exports: dict[str, str] = {}
        self.index_section = {
            "store": "s3vectors",
            "name": "passages",
            "region": stack.region,
            "bucket": name,
        }


def _only_the_pipeline_writes(indexes: str, pipeline_role_arn: str) -> iam.PolicyStatement:
    """What an approved version answers from must not change behind it."""
    return iam.PolicyStatement(
        sid="OnlyThePipelineWrites",
        effect=iam.Effect.DENY,
        principals=[iam.StarPrincipal()],
        actions=["s3vectors:PutVectors", "s3vectors:DeleteVectors"],
        resources=[indexes],
        conditions={"ArnNotEquals": {"aws:PrincipalArn": pipeline_role_arn}},
    )


def _reading(
    actions: Sequence[str],
    resource: str,
    *,
    account: str,
    stages: Sequence[str],
    tags: Mapping[str, str],
) -> iam.PolicyStatement:
    """Reading by the roles of an account that carry the project's tags."""
    carried = {f"aws:PrincipalTag/{tag}": value for tag, value in tags.items()}
    return iam.PolicyStatement(
        sid=f"EndpointsOf{account}",
        principals=[iam.AccountPrincipal(account)],
        actions=list(actions),
        resources=[resource],
        conditions={"StringEquals": {**carried, "aws:PrincipalTag/stage": list(stages)}},
    )
