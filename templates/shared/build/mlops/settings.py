"""Facts of the project: reads `cicd-config.json` and derives the names that follow from it.

Every fact may be null, as in a project that was rendered on a laptop. Local work then uses
placeholders; whatever talks to the cloud calls `Settings.require` first.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from mlops.errors import CommandError

CONFIG_FILE = Path("cicd-config.json")
LOCAL_ACCOUNT = "000000000000"
LOCAL_BUCKET = "local-artifacts"
LOCAL_ROLE = f"arn:aws:iam::{LOCAL_ACCOUNT}:role/local"

AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Bucket = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+){1,2}-[0-9]$")]
RoleArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+$")
]
MlflowArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:sagemaker:[^:]*:[0-9]{12}:")]

FACTS: dict[str, tuple[str, str]] = {
    "aws.account_id": (
        "the account that runs the pipeline",
        "`aws sts get-caller-identity`, or the project's details in Unified Studio",
    ),
    "aws.region": ("the region that runs the pipeline", "for example eu-west-1"),
    "catalog.athena_workgroup": (
        "the Athena workgroup for the project's queries",
        "the project's Athena connection in Unified Studio",
    ),
    "catalog.glue_database": (
        "the project's database in the Glue catalog",
        "the project's Lakehouse connection in Unified Studio",
    ),
    "github.build_repository": ("this repository, as owner/name", "its page on GitHub"),
    "mlflow.tracking_arn": (
        "the MLflow tracking server or app",
        "the project's MLflow connection in Unified Studio",
    ),
    "project.id": ("the project's id", "the project's details in Unified Studio"),
    "sagemaker.pipeline_role_arn": (
        "the role that SageMaker assumes to run the pipeline and its jobs",
        "the project role's ARN in the project's details in Unified Studio",
    ),
    "storage.bucket": (
        "the S3 bucket for code, data and models",
        "the project's S3 location: s3://<bucket>/<prefix>",
    ),
    "storage.prefix": (
        "the project's own prefix in that bucket",
        "the project's S3 location: s3://<bucket>/<prefix>",
    ),
}


class SettingsError(CommandError):
    """`cicd-config.json` is absent, unreadable or says something that cannot be."""

    def __init__(self, message: str) -> None:
        super().__init__(message, exit_code=2)


class MissingSettingsError(SettingsError):
    """A command needs facts that `cicd-config.json` leaves null; `keys` names them."""

    def __init__(self, keys: tuple[str, ...], purpose: str) -> None:
        self.keys = keys
        lines = [
            f"{purpose} needs {len(keys)} value{'s' if len(keys) > 1 else ''} "
            f"that {CONFIG_FILE} leaves null:"
        ]
        for key in keys:
            meaning, source = FACTS.get(key, ("a fact of the project", "ask its owner"))
            lines.append(f"  {key}: {meaning} (find it in: {source})")
        lines.append(f"Fill in {CONFIG_FILE} and commit it: none of these values is a secret.")
        super().__init__("\n".join(lines))


class _Section(BaseModel):
    """A frozen section; a key nobody knows is an error, so that a typing slip is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Template(_Section):
    """Where the repository came from, so that it can be rendered again."""

    name: str
    version: str
    answers: dict[str, str] = Field(default_factory=dict)


class Project(_Section):
    """Who the project is, to people and to the SageMaker domain."""

    name: str
    slug: Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$")]
    description: str
    owner: str
    id: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,36}$")] | None = None
    profile: str | None = None
    domain_id: str | None = None
    domain_unit_id: str | None = None
    scope_name: str | None = None


class Aws(_Section):
    """The account and region of the pipeline."""

    region: Region
    account_id: AccountId | None = None


class SageMaker(_Section):
    """The SageMaker domain and the role of the pipeline."""

    domain_arn: str | None = None
    pipeline_role_arn: RoleArn | None = None


class Storage(_Section):
    """The project's area in S3."""

    bucket: Bucket | None = None
    prefix: str | None = None


class Catalog(_Section):
    """The project's data catalog."""

    glue_database: str | None = None
    athena_workgroup: str | None = None


class Mlflow(_Section):
    """The project's MLflow."""

    tracking_arn: MlflowArn | None = None


class GitHub(_Section):
    """The two repositories of the project."""

    build_repository: str | None = None
    deploy_repository: str | None = None
    default_branch: str = "main"


class Stage(_Section):
    """An account that the model is built in or deployed to."""

    account_id: AccountId | None = None
    region: Region | None = None
    build_role_arn: RoleArn | None = None
    deploy_role_arn: RoleArn | None = None


class Settings(_Section):
    """Everything `cicd-config.json` says, with the names that follow from it."""

    schema_version: Literal[1]
    role: Literal["build"]
    template: Template
    project: Project
    aws: Aws
    sagemaker: SageMaker = SageMaker()
    storage: Storage = Storage()
    catalog: Catalog = Catalog()
    mlflow: Mlflow = Mlflow()
    github: GitHub = GitHub()
    stages: dict[str, Stage] = Field(default_factory=dict)
    tags: dict[str, str] = Field(default_factory=dict)

    @property
    def region(self) -> str:
        """The region of the pipeline, its registry and its images."""
        return self.aws.region

    @property
    def account_id(self) -> str:
        """The account of the pipeline; zeros on a laptop."""
        return self.aws.account_id or LOCAL_ACCOUNT

    @property
    def bucket(self) -> str:
        """The bucket of code, data and models; a directory's name on a laptop."""
        return self.storage.bucket or LOCAL_BUCKET

    @property
    def prefix(self) -> str:
        """The project's own area in the bucket, without slashes around it."""
        return (self.storage.prefix or "").strip("/") or self.project.slug

    @property
    def role_arn(self) -> str:
        """The role of the pipeline's jobs; a placeholder on a laptop."""
        return self.sagemaker.pipeline_role_arn or LOCAL_ROLE

    @property
    def pipeline_name(self) -> str:
        """The pipeline's name, `githubactions-<project>`."""
        return resource_name("githubactions-", self._key)

    @property
    def model_package_group(self) -> str:
        """The registry group that the pipeline's models belong to, `aiops-<project>-models`."""
        return resource_name("aiops-", self._key, "-models")

    @property
    def is_local(self) -> bool:
        """Whether the facts needed for a run in the cloud are absent."""
        return any(self._fact(key) is None for key in CLOUD_FACTS)

    @property
    def resource_tags(self) -> dict[str, str]:
        """Tags of everything the project creates; only facts that exist, plus its own."""
        facts = {
            "sagemaker:project-id": self.project.id,
            "sagemaker:project-name": self.project.name,
            "AmazonDataZoneDomain": self.project.domain_id,
            "AmazonDataZoneProject": self.project.id,
            "AmazonDataZoneScopeName": self.project.scope_name,
            # By these an approval in the registry finds the repository that deploys the model.
            "aiops:template": self.template.name,
            "aiops:deploy-repository": self.github.deploy_repository,
        }
        return {key: value for key, value in facts.items() if value} | self.tags

    def s3_uri(self, *parts: str) -> str:
        """An address inside the project's area, such as `s3://bucket/prefix/code`."""
        return "/".join([f"s3://{self.bucket}/{self.prefix}", *parts])

    def require(self, *keys: str, purpose: str = "This command") -> None:
        """Raise `MissingSettingsError` naming every one of the dotted `keys` that is null."""
        missing = tuple(key for key in keys if self._fact(key) in (None, ""))
        if missing:
            raise MissingSettingsError(missing, purpose)

    @property
    def _key(self) -> str:
        return self.project.id or self.project.slug

    def _fact(self, key: str) -> Any:
        value: Any = self
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else getattr(value, part)
        return value


CLOUD_FACTS = ("aws.account_id", "sagemaker.pipeline_role_arn", "storage.bucket", "storage.prefix")


def load_settings(path: Path = CONFIG_FILE) -> Settings:
    """Read and check `path`.

    Raises `SettingsError` that names the file and, for each wrong key, its value and the rule.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"cannot read {path} ({error.strerror}): run the command from the repository's root"
        ) from error
    try:
        return Settings.model_validate(json.loads(text))
    except json.JSONDecodeError as error:
        raise SettingsError(
            f"{path} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        ) from error
    except ValidationError as error:
        problems = "\n".join(
            f"  {'.'.join(map(str, item['loc'])) or '(top level)'}: {item['msg']}"
            f" (got {item['input']!r})"
            for item in error.errors()
        )
        raise SettingsError(f"{path} is not valid:\n{problems}") from error


def resource_name(start: str, key: str, end: str = "") -> str:
    """`start + key + end` as a SageMaker name: letters, digits and inner hyphens, at most 63.

    A key that has to be changed gets a short hash of the original, so that two keys that
    differ only in a forbidden character stay apart.
    """
    name = start + key + end
    if re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name):
        return name
    digest = hashlib.sha256(key.encode()).hexdigest()[:6]
    room = 63 - len(start) - len(digest) - len(end) - 1
    clean = re.sub(r"[^a-zA-Z0-9-]", "-", key)[:room].strip("-")
    return f"{start}{clean}-{digest}{end}" if clean else f"{start}{digest}{end}"
