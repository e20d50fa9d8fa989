"""Reads cicd-config.json: which project this is and which accounts it deploys to."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from components.errors import ConfigurationError, describe
from components.naming import bounded, clean

Stage = Literal["dev", "test", "prod"]
STAGES: tuple[Stage, ...] = ("dev", "test", "prod")

SETTINGS_FILE = Path("cicd-config.json")
PLACEHOLDER_ACCOUNT = "000000000000"
PLACEHOLDER_BUCKET = "local-artifacts"

ACCOUNT_PATTERN = r"^[0-9]{12}$"
# Leaves room for a hyphen and a hash of ten digits within SageMaker's 63 characters.
_ENDPOINT_NAME_LIMIT = 52

ROLE_PATTERN = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$"
TRACKING_PATTERN = (
    r"^arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:[0-9]{12}:mlflow-(tracking-server|app)/[A-Za-z0-9_-]+$"
)
REGION_PATTERN = r"^[a-z]{2}(-[a-z]+){1,2}-[0-9]$"


class _Facts(BaseModel):
    # The file also holds what the build repository needs: ignore what is not ours.
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Project(_Facts):
    """Who the project is; ``id`` is null until it exists in SageMaker Unified Studio."""

    id: str | None = Field(None, description="the project id, or null")
    domain_id: str | None = Field(None, description="the id of the project's domain, or null")
    scope_name: str | None = Field(None, description="the name of the project's scope, or null")
    slug: str = Field(description="the project's short name: lower-case letters, digits, hyphens")
    name: str = Field(description="the project's name")
    owner: str = Field(description="the team or e-mail address that answers for the project")


class Account(_Facts):
    """Where the project was created."""

    account_id: str | None = Field(
        None, pattern=ACCOUNT_PATTERN, description="a 12-digit account id in quotes, or null"
    )
    region: str = Field(pattern=REGION_PATTERN, description="an AWS Region such as eu-west-1")


class Storage(_Facts):
    """The project's area in S3. The bucket is shared by projects: the prefix is the border."""

    bucket: str | None = Field(None, description="the name of the project's bucket, or null")
    prefix: str | None = Field(None, description="the project's prefix in the bucket, or null")


class Pipelines(_Facts):
    """What runs the build repository's pipeline, in the project's account."""

    pipeline_role_arn: str | None = Field(
        None, pattern=ROLE_PATTERN, description="the ARN of an IAM role, or null"
    )


class Tracking(_Facts):
    """Where MLflow records runs and traces."""

    tracking_arn: str | None = Field(
        None,
        pattern=TRACKING_PATTERN,
        description="the ARN of an MLflow tracking server or app of SageMaker, or null",
    )


class StageFacts(_Facts):
    """One deployment target."""

    account_id: str | None = Field(
        None, pattern=ACCOUNT_PATTERN, description="a 12-digit account id in quotes, or null"
    )
    region: str | None = Field(
        None, pattern=REGION_PATTERN, description="an AWS Region such as eu-west-1, or null"
    )


class Settings(_Facts):
    """The facts of cicd-config.json that a deployment needs."""

    project: Project = Field(description="the project's name, slug, owner and id")
    aws: Account = Field(description="the project's account and region")
    storage: Storage = Field(description="the project's bucket and prefix")
    sagemaker: Pipelines = Field(
        default_factory=lambda: Pipelines(pipeline_role_arn=None),
        description="the role of the build repository's pipeline",
    )
    mlflow: Tracking = Field(
        default_factory=lambda: Tracking(tracking_arn=None),
        description="the project's MLflow tracking server",
    )
    stages: dict[Stage, StageFacts] = Field(description="the accounts of dev, test and prod")
    tags: dict[str, str] = Field(default_factory=dict, description="tag names and their values")

    @property
    def identifier(self) -> str:
        """The project id, or its slug where there is none, fit for resource names."""
        return clean(self.project.id or self.project.slug)

    @property
    def model_package_group(self) -> str:
        """Name of the group in which the build repository registers its models."""
        return f"aiops-{self.identifier}-models"

    def endpoint_name(self, stage: Stage) -> str:
        """Name of a stage's endpoint; models and configurations add a hash to it."""
        return bounded("aiops", self.identifier, stage, limit=_ENDPOINT_NAME_LIMIT)

    def stack_name(self, stage: Stage) -> str:
        """Name of a stage's CloudFormation stack."""
        return f"{self.endpoint_name(stage)}-endpoint"

    def account(self, stage: Stage) -> str:
        """Account id of a stage, or the placeholder."""
        return self._stage(stage).account_id or PLACEHOLDER_ACCOUNT

    def region(self, stage: Stage) -> str:
        """Region of a stage; the project's own where the stage names none."""
        return self._stage(stage).region or self.aws.region

    def artifacts(self) -> tuple[str, str]:
        """Bucket and prefix (no slash at either end) of model artifacts, or placeholders."""
        prefix = self.storage.prefix or self.project.slug
        return self.storage.bucket or PLACEHOLDER_BUCKET, prefix.strip("/")

    def known_accounts(self) -> set[str]:
        """Every account this project names."""
        named = {facts.account_id for facts in self.stages.values()} | {self.aws.account_id}
        return {account for account in named if account}

    def resource_tags(self, stage: Stage) -> dict[str, str]:
        """Tags of everything a stage's stack creates: the project's facts that exist, its own."""
        facts = {
            "sagemaker:project-id": self.project.id,
            "sagemaker:project-name": self.project.name,
            "AmazonDataZoneDomain": self.project.domain_id,
            "AmazonDataZoneProject": self.project.id,
            "AmazonDataZoneScopeName": self.project.scope_name,
            "stage": stage,
        }
        return {key: value for key, value in facts.items() if value} | self.tags

    def placeholders(self, stage: Stage) -> Mapping[str, str]:
        """Keys of cicd-config.json that are null but needed to deploy, with their stand-ins."""
        bucket, prefix = self.artifacts()
        candidates = {
            f"stages.{stage}.account_id": (self._stage(stage).account_id, PLACEHOLDER_ACCOUNT),
            "storage.bucket": (self.storage.bucket, bucket),
            "storage.prefix": (self.storage.prefix, prefix),
        }
        return {key: stand_in for key, (fact, stand_in) in candidates.items() if not fact}

    def _stage(self, stage: Stage) -> StageFacts:
        return self.stages.get(stage) or StageFacts(account_id=None, region=None)


def load_settings(file: Path = SETTINGS_FILE) -> Settings:
    """Read the project's facts; raises ConfigurationError when the file is absent or wrong."""
    try:
        return Settings.model_validate_json(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"{file} is missing; run the command from the root of the repository"
        ) from None
    except ValidationError as error:
        if any(problem["type"] == "json_invalid" for problem in error.errors()):
            raise ConfigurationError(f"{file} is not valid JSON: {_json_error(file)}") from None
        raise ConfigurationError(describe(error, model=Settings, file=file)) from None


def _json_error(file: Path) -> str:
    try:
        json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        return str(error)
    return "it cannot be parsed"
