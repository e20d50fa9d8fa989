"""What one stack is made from, put together and checked before anything is built."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic

from aws_cdk import Environment

from components.model_package import ARTIFACT, ModelPackage
from components.sagemaker_role import ModelArtifacts
from components.settings import Settings, Stage
from components.stage_config import Configuration, load_stage_config


@dataclass(frozen=True)
class Deployment(Generic[Configuration]):
    """A stage, its configuration and the model package that it should serve.

    ``artifact_uri`` is the folder in S3 that has the package's files, without a slash at its end,
    for a stack that names it.
    ``placeholders`` names the values that are stand-ins, and what they are.
    """

    stage: Stage
    settings: Settings
    config: Configuration
    package: ModelPackage
    artifact_uri: str | None
    placeholders: Mapping[str, str]

    @property
    def environment(self) -> Environment:
        """The account and Region that the stack belongs to."""
        return Environment(
            account=self.settings.account(self.stage), region=self.settings.region(self.stage)
        )

    @property
    def artifacts(self) -> ModelArtifacts:
        """Where the artifacts of model packages lie: the project's area, unless the stage says."""
        source = self.config.model_packages
        if source.artifacts_uri:
            return ModelArtifacts.from_uri(
                source.artifacts_uri, kms_key_arn=source.artifacts_kms_key_arn
            )
        bucket, prefix = self.settings.artifacts()
        return ModelArtifacts(
            bucket=bucket, prefix=prefix, kms_key_arn=source.artifacts_kms_key_arn
        )


def plan(
    stage: Stage,
    *,
    model_package_arn: str | None,
    settings: Settings,
    schema: type[Configuration],
    artifact_uri: str | None = None,
    immediately: bool = False,
) -> Deployment[Configuration]:
    """Read a stage's configuration, of the given schema, and check the package against it.

    Without an ARN a placeholder stands in: version 1 of the project's group in the stage's own
    account. Raises ConfigurationError.
    """
    config = load_stage_config(stage, schema=schema)
    if immediately:
        config = config.immediate()
    region, account = settings.region(stage), settings.account(stage)
    placeholders = dict(settings.placeholders(stage))
    if model_package_arn is None:
        group = settings.model_package_group
        model_package_arn = f"arn:aws:sagemaker:{region}:{account}:model-package/{group}/1"
        placeholders["model_package_arn"] = model_package_arn
    package = ModelPackage.parse(model_package_arn)
    known = settings.known_accounts()
    package.check(
        stage=stage,
        region=region,
        accounts={*known, *config.model_packages.accounts} if known else (),
    )
    if config.needs_artifact and artifact_uri is None:
        artifact_uri = f"s3://{'/'.join(settings.artifacts())}"
        placeholders[ARTIFACT] = artifact_uri
    return Deployment(
        stage=stage,
        settings=settings,
        config=config,
        package=package,
        artifact_uri=artifact_uri if config.needs_artifact else None,
        placeholders=placeholders,
    )
