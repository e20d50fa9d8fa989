"""The schema of config/vector_store.yaml: which store there is, and how it is protected."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from components.config_section import Section
from components.errors import ConfigurationError, describe
from components.naming import digest
from components.settings import PLACEHOLDER_ACCOUNT, Settings, Stage
from components.stage_config import CONFIG_DIRECTORY, VpcConfig
from components.strict_yaml import read_yaml

FILE_NAME = "vector_store.yaml"
# Pipelines run where this stage is, so the store is there.
HOME: Stage = "dev"
# OpenSearch Serverless takes 32 characters; a hyphen and a stage follow in some names.
_LONGEST_NAME = 27

_ID = "([0-9a-f]{8}|[0-9a-f]{17})"
VpcId = Annotated[str, Field(pattern=rf"^vpc-{_ID}$")]
SubnetId = Annotated[str, Field(pattern=rf"^subnet-{_ID}$")]


class EndpointNetwork(VpcConfig):
    """Where the collection's own VPC endpoint is placed."""

    vpc_id: VpcId = Field(description="a VPC id such as vpc-0a1b2c3d")


class OpenSearchSection(Section):
    """An OpenSearch Serverless collection."""

    public: bool = Field(
        description="true (signed requests from any network) or false (through `vpc` only)"
    )
    vpc: EndpointNetwork | None = Field(
        description="null, or vpc_id, subnet_ids and security_group_ids of the VPC endpoint"
    )
    standby_replicas: bool = Field(
        description="true (survives the loss of a zone) or false (half the cost)"
    )

    @model_validator(mode="after")
    def _reached_in_one_way(self) -> Self:
        if self.public == (self.vpc is not None):
            raise ValueError(
                f"public is {str(self.public).lower()} and vpc is"
                f" {'null' if self.vpc is None else 'given'}: choose either public: true with"
                " vpc: null, or public: false with the VPC that may reach the collection"
            )
        return self


class PgvectorSection(Section):
    """An Aurora PostgreSQL cluster, reached through the Data API alone."""

    vpc_id: VpcId = Field(description="a VPC id such as vpc-0a1b2c3d")
    subnet_ids: list[SubnetId] = Field(
        min_length=2, max_length=16, description="2 to 16 subnet ids in at least two zones"
    )
    engine_version: str = Field(
        pattern=r"^[0-9]{2}\.[0-9]{1,2}$",
        description='a version of Aurora PostgreSQL with pgvector, in quotes, such as "16.8"',
    )
    min_capacity: float = Field(
        ge=0, le=256, multiple_of=0.5, description="0 (pauses when idle) to 256 ACUs, in halves"
    )
    max_capacity: float = Field(
        ge=1, le=256, multiple_of=0.5, description="1 to 256 ACUs, in halves"
    )
    database: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,62}$",
        description="the database's name: lower-case letters, digits and _",
    )
    backup_days: int = Field(ge=1, le=35, description="1 to 35 days")
    deletion_protection: bool = Field(description="true or false")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_capacity < self.min_capacity:
            raise ValueError(
                f"max_capacity is {self.max_capacity:g}, below min_capacity"
                f" {self.min_capacity:g}; raise the first or lower the second"
            )
        return self


class VectorStoreConfig(Section):
    """Which store the project has; ``kind`` null is none: vectors are in the model package."""

    kind: Literal["opensearch", "s3vectors", "pgvector"] | None = Field(
        description="null, opensearch, s3vectors or pgvector"
    )
    opensearch: OpenSearchSection | None = Field(description="null, or public and others")
    pgvector: PgvectorSection | None = Field(description="null, or vpc_id and others")
    termination_protection: bool = Field(description="true or false")

    @model_validator(mode="after")
    def _described(self) -> Self:
        if self.kind in ("opensearch", "pgvector") and getattr(self, self.kind) is None:
            raise ValueError(
                f"kind is {self.kind}, but the section {self.kind} is null; fill it in, as the"
                " file's comments show"
            )
        return self


def load_vector_store(directory: Path = CONFIG_DIRECTORY) -> VectorStoreConfig:
    """Read and check the file; raises ConfigurationError with one line a problem."""
    file = directory / FILE_NAME
    try:
        return VectorStoreConfig.model_validate(read_yaml(file))
    except ValidationError as error:
        raise ConfigurationError(describe(error, model=VectorStoreConfig, file=file)) from None


def store_name(settings: Settings) -> str:
    """The name of bucket, collection or cluster: lower case, at most 27 characters."""
    whole = f"aiops-{settings.identifier}"
    # RDS allows no two hyphens in a row.
    name = re.sub("-+", "-", whole.lower())
    if name == whole and len(name) <= _LONGEST_NAME:
        return name
    short = digest(whole)
    return f"{name[: _LONGEST_NAME - len(short) - 1].rstrip('-')}-{short}"


def key_alias(name: str) -> str:
    """The alias of the key that encrypts the store of this name."""
    return f"alias/{name}-vectors"


def check_reach(config: VectorStoreConfig, settings: Settings, stage: Stage) -> None:
    """Refuse a stage whose endpoint cannot reach the store; raises ConfigurationError."""
    if config.kind in (None, "s3vectors"):
        return
    home, away = ((settings.account(each), settings.region(each)) for each in (HOME, stage))
    known = PLACEHOLDER_ACCOUNT not in (home[0], away[0])
    if home[1] != away[1] or (known and home != away):
        raise ConfigurationError(
            f"stage {stage!r} is in account {away[0]}, Region {away[1]}, but the {config.kind}"
            f" store is in account {home[0]}, Region {home[1]}, and lets nobody else in. Use kind:"
            f" s3vectors in config/{FILE_NAME}, which stages of other accounts can read, or"
            " index.store: faiss in the build repository, which needs no store"
        )
