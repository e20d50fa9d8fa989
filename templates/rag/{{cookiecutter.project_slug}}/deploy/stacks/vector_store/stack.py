"""The stack of the vector store: its key, the store, and what the pipeline's role may do."""

from collections.abc import Mapping, Sequence

from aws_cdk import CfnOutput, Environment, RemovalPolicy, Stack, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from components.acknowledgements import acknowledge
from components.errors import ConfigurationError
from components.sagemaker_role import Grant
from components.settings import PLACEHOLDER_ACCOUNT, SETTINGS_FILE, STAGES, Settings
from stacks.vector_store.config import (
    FILE_NAME,
    HOME,
    VectorStoreConfig,
    key_alias,
    store_name,
)
from stacks.vector_store.opensearch import Collection
from stacks.vector_store.pgvector import VectorCluster
from stacks.vector_store.s3vectors import VectorBucket

INDEX_OUTPUT = "IndexSection"
ROLE_FACT = "sagemaker.pipeline_role_arn"


def stack_name(settings: Settings) -> str:
    """The name of the store's CloudFormation stack."""
    return f"{store_name(settings)}-vectors"


def export_name(name: str, export: str) -> str:
    """The name by which stacks of endpoints find a part of the store."""
    return f"{name}-{export}"


def placeholders(settings: Settings) -> dict[str, str]:
    """Facts that are null but needed to deploy the store, with their stand-ins."""
    facts = dict(settings.placeholders(HOME))
    if settings.sagemaker.pipeline_role_arn is None:
        facts[ROLE_FACT] = pipeline_role(settings)
    return {key: value for key, value in facts.items() if not key.startswith("storage.")}


def pipeline_role(settings: Settings) -> str:
    """The role that builds indexes, or a stand-in; raises ConfigurationError for another account.

    What it may do is said by a policy in the store's stack, which reaches roles of its own
    account only.
    """
    account, role = settings.account(HOME), settings.sagemaker.pipeline_role_arn
    if role is None:
        return f"arn:aws:iam::{account}:role/pipeline"
    found = role.split(":")[4]
    if PLACEHOLDER_ACCOUNT not in (account, found) and found != account:
        raise ConfigurationError(
            f"{ROLE_FACT} in {SETTINGS_FILE} is a role of account {found}, but stage {HOME!r} is"
            f" account {account}: the store is there, and pipelines must run there, too; correct"
            " one of them"
        )
    return role


def readers(settings: Settings) -> Mapping[str, Sequence[str]]:
    """The stages that are in other accounts than the store, by account."""
    home = settings.account(HOME)
    found: dict[str, list[str]] = {}
    for stage in STAGES:
        account = settings.account(stage)
        if account not in (home, PLACEHOLDER_ACCOUNT):
            found.setdefault(account, []).append(stage)
    return found


class VectorStoreStack(Stack):
    """One store of the configured kind, encrypted by a key of its own."""

    def __init__(self, scope: Construct, *, settings: Settings, config: VectorStoreConfig) -> None:
        name, role = store_name(settings), pipeline_role(settings)
        super().__init__(
            scope,
            "VectorStore",
            stack_name=stack_name(settings),
            description=f"Vectors of {settings.project.name}",
            env=Environment(account=settings.account(HOME), region=settings.region(HOME)),
            termination_protection=config.termination_protection,
        )
        for tag, value in sorted(settings.resource_tags(HOME).items()):
            Tags.of(self).add(tag, value)
        key = kms.Key(
            self,
            "Key",
            alias=key_alias(name),
            description=f"Vectors of {name}",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        store = self._store(name, settings, config, key, role)
        self._let_the_pipeline_write(role, store.writing)
        for export, value in store.exports.items():
            CfnOutput(self, export, value=value, export_name=export_name(name, export))
        lines = [f'  {field}: "{value}"' for field, value in store.index_section.items()]
        CfnOutput(
            self,
            INDEX_OUTPUT,
            description="For config/pipeline.yaml of the build repository",
            value="\n".join(["index:", *lines]),
        )

    def _store(
        self,
        name: str,
        settings: Settings,
        config: VectorStoreConfig,
        key: kms.Key,
        role: str,
    ) -> Collection | VectorBucket | VectorCluster:
        if config.kind == "opensearch" and config.opensearch is not None:
            return Collection(
                self, "Store", name=name, config=config.opensearch, key=key, pipeline_role_arn=role
            )
        if config.kind == "pgvector" and config.pgvector is not None:
            return VectorCluster(self, "Store", name=name, config=config.pgvector, key=key)
        if config.kind == "s3vectors":
            return VectorBucket(
                self,
                "Store",
                name=name,
                key=key,
                pipeline_role_arn=role,
                readers=readers(settings),
                tags={"sagemaker:project-name": settings.project.name},
            )
        raise ConfigurationError(
            f"config/{FILE_NAME} has kind: null, so vectors are in the model package and there is"
            " no store to deploy; choose opensearch, s3vectors or pgvector to have one"
        )

    def _let_the_pipeline_write(self, role_arn: str, grants: Sequence[Grant]) -> None:
        role = iam.Role.from_role_arn(self, "Pipeline", role_arn)
        policy = iam.Policy(self, "PipelineWrites", roles=[role])
        for grant in grants:
            policy.add_statements(
                iam.PolicyStatement(
                    sid=grant.sid, actions=list(grant.actions), resources=list(grant.resources)
                )
            )
            for finding, reason in grant.wildcards.items():
                acknowledge(policy, f"AwsSolutions-IAM5[{finding}]", reason=reason)
