"""What the functions may reach beyond their own log: DataZone, the registry, named secrets."""

from __future__ import annotations

from collections.abc import Iterable

from generator.config.model import Config
from generator.infrastructure.components.acknowledgements import acknowledge_wildcard
from generator.infrastructure.components.step_function import StepFunction
from generator.infrastructure.event_patterns import MODEL_GROUPS
from generator.infrastructure.names import names_of
from generator.regions import domain_of

# The calls of generator/datazone.py.
DATAZONE_READS = (
    "datazone:GetEnvironment",
    "datazone:GetProject",
    "datazone:GetProjectProfile",
    "datazone:ListConnections",
    "datazone:ListEnvironments",
)


def grant_what_is_needed(function: StepFunction, config: Config) -> None:
    """Give a function's role what its specification names."""
    spec = function.spec
    if "projects" in spec.needs:
        function.allow("ReadProjects", DATAZONE_READS, ["*"])
    if "models" in spec.needs:
        _registry(function, config)
    # A template collection of one's own may be in a private repository.
    fetches_templates = "projects" in spec.needs and config.templates is not None
    secrets = [config.github.token_secret] if "github" in spec.needs or fetches_templates else []
    if "listed_secrets" in spec.needs:
        secrets += config.github.secrets.values()
    if secrets:
        _read_secrets(function, config, _arns(config, secrets))


def _read_secrets(function: StepFunction, config: Config, arns: list[str]) -> None:
    function.allow("ReadNamedSecrets", ["secretsmanager:GetSecretValue"], arns)
    for number, key in enumerate(config.github.secret_keys):
        region = key.split(":")[3]
        function.allow(
            f"DecryptNamedSecrets{number or ''}",
            ["kms:Decrypt"],
            [key],
            # For nothing but these secrets, and only when Secrets Manager asks (KMS's guide).
            {
                "StringEquals": {
                    "kms:ViaService": f"secretsmanager.{region}.{domain_of(region)}",
                },
                "StringLike": {"kms:EncryptionContext:SecretARN": arns},
            },
        )


def _arns(config: Config, secrets: Iterable[str]) -> list[str]:
    """ARNs of secrets; one that is known by name only has six more characters that AWS chose."""
    names = names_of(config)
    return sorted(
        {
            secret
            if secret.startswith("arn:")
            else names.arn("secretsmanager", f"secret:{secret}-??????")
            for secret in secrets
        }
    )


def _registry(function: StepFunction, config: Config) -> None:
    names = names_of(config)
    groups = names.arn("sagemaker", f"model-package-group/{MODEL_GROUPS}*")
    packages = names.arn("sagemaker", f"model-package/{MODEL_GROUPS}*/*")
    function.allow(
        "ReadAndNoteModels",
        (
            "sagemaker:DescribeModelPackage",
            "sagemaker:DescribeModelPackageGroup",
            "sagemaker:ListTags",
            "sagemaker:UpdateModelPackage",
        ),
        [groups, packages],
    )
    for resource in (groups, packages):
        acknowledge_wildcard(
            function.role,
            resource,
            reason="Each project's group is named aiops-<project>-models, and projects come and"
            " go. That a group is ours is checked by its tags.",
        )
