"""What an endpoint may do with the vector store: search it, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from aws_cdk import Fn, Stack
from constructs import Construct

from components.deployment import Deployment
from components.errors import ConfigurationError
from components.sagemaker_role import Grant
from components.settings import Settings
from stacks.stage_config import RetrievalStageConfig
from stacks.vector_store import opensearch, pgvector, s3vectors
from stacks.vector_store.config import (
    FILE_NAME,
    HOME,
    VectorStoreConfig,
    check_reach,
    key_alias,
    load_vector_store,
    store_name,
)
from stacks.vector_store.stack import export_name


@dataclass(frozen=True)
class Reading:
    """The grants of the endpoint's role, and the collection whose own policy must name it."""

    grants: Sequence[Grant] = field(default_factory=list)
    collection: str | None = None

    def let_in(self, scope: Construct, role_arn: str, stage: str) -> Construct | None:
        """The collection's own permission, beside IAM; None for other stores."""
        if self.collection is None:
            return None
        return opensearch.DataAccess(
            scope,
            "VectorReading",
            policy_name=f"{self.collection}-{stage}",
            collection=self.collection,
            principal=role_arn,
            permissions=opensearch.READ,
        )


def reading(stack: Stack, deployment: Deployment[RetrievalStageConfig]) -> Reading:
    """What the stage's endpoint needs to search the project's store.

    Raises ConfigurationError for a stage that cannot reach it.
    """
    config, settings = load_vector_store(), deployment.settings
    check_reach(config, settings, deployment.stage)
    name = store_name(settings)
    match config.kind:
        case "opensearch":
            _check_network(config, deployment)
            collection = Fn.import_value(export_name(name, opensearch.COLLECTION_EXPORT))
            return Reading([Grant("SearchVectors", ["aoss:APIAccessAll"], [collection])], name)
        case "s3vectors":
            return Reading(_bucket_grants(stack, settings, name))
        case "pgvector":
            return Reading(_cluster_grants(name))
    return Reading()


def _check_network(config: VectorStoreConfig, deployment: Deployment[RetrievalStageConfig]) -> None:
    closed = config.opensearch is not None and not config.opensearch.public
    if closed and deployment.config.endpoint.vpc is None:
        raise ConfigurationError(
            f"config/{FILE_NAME} lets requests in through its VPC only, but endpoint.vpc in"
            f" config/{deployment.stage}.yaml is null; name subnets and security groups there, or"
            " set opensearch.public to true"
        )


def _bucket_grants(stack: Stack, settings: Settings, name: str) -> list[Grant]:
    region, account = settings.region(HOME), settings.account(HOME)
    bucket = s3vectors.bucket_arn(
        partition=stack.partition, region=region, account=account, name=name
    )
    indexes = f"{bucket}/index/*"
    keys = f"arn:{stack.partition}:kms:{region}:{account}:key/*"

    def finding(resource: str) -> str:
        return f"Resource::{resource.replace(stack.partition, '<AWS::Partition>')}"

    return [
        Grant(
            "SearchVectors",
            s3vectors.READ,
            [indexes],
            wildcards={finding(indexes): "Each version of the corpus has an index of its own."},
        ),
        Grant(
            "DecryptVectors",
            ["kms:Decrypt"],
            [keys],
            {"ForAnyValue:StringEquals": {"kms:ResourceAliases": key_alias(name)}},
            wildcards={finding(keys): "The condition on the alias leaves the store's key only."},
        ),
    ]


def _cluster_grants(name: str) -> list[Grant]:
    def part(export: str) -> str:
        return str(Fn.import_value(export_name(name, export)))

    return [
        Grant("SearchVectors", pgvector.READ, [part(pgvector.CLUSTER_EXPORT)]),
        Grant("ReadSecret", ["secretsmanager:GetSecretValue"], [part(pgvector.SECRET_EXPORT)]),
        Grant("DecryptSecret", ["kms:Decrypt"], [part(pgvector.KEY_EXPORT)]),
    ]
