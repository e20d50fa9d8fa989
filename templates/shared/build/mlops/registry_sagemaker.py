"""SageMaker's model registry, through boto3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from mlops.registry import Approval, ModelPackage, RegistryError, package_name

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_ABSENT = ("does not exist", "Could not find", "Cannot find")


class SageMakerRegistry:
    """Model packages in the account and region of a client."""

    def __init__(self, client: SageMakerClient) -> None:
        self._client = client

    @classmethod
    def connect(cls, region: str) -> SageMakerRegistry:
        """The registry of a region, with the credentials of the environment."""
        import boto3

        return cls(boto3.client("sagemaker", region_name=region))

    def ensure_group(self, group: str, tags: Mapping[str, str]) -> None:
        """Create the group with its tags; nothing else tags it."""
        try:
            self._client.describe_model_package_group(ModelPackageGroupName=group)
            return
        except ClientError as error:
            if not _is_absent(error):
                raise _refused(f"looking up the group {group!r}", error) from error
        listed = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
        try:
            self._client.create_model_package_group(
                ModelPackageGroupName=group,
                ModelPackageGroupDescription="Versions of this project's model",
                Tags=listed,  # type: ignore[arg-type]
            )
        except ClientError as error:
            if "already exists" not in str(error):
                raise _refused(f"creating the group {group!r}", error) from error

    def create(self, request: Mapping[str, Any]) -> ModelPackage:
        """Add a version to a group."""
        try:
            answer = self._client.create_model_package(**request)
        except (ClientError, BotoCoreError) as error:
            raise _refused("creating the package", error) from error
        return self.describe(answer["ModelPackageArn"])

    def list(self, group: str) -> list[ModelPackage]:
        """The group's packages, newest first."""
        return _listed(self._client, ModelPackageGroupName=group)

    def describe(self, arn: str) -> ModelPackage:
        """One package with all its details."""
        package_name(arn)
        try:
            details = self._client.describe_model_package(ModelPackageName=arn)
        except (ClientError, BotoCoreError) as error:
            raise _refused(f"looking up {arn}", error) from error
        return _package({key: value for key, value in details.items() if key != "ResponseMetadata"})

    def latest_approved(self, group: str) -> ModelPackage | None:
        """The approved package with the highest version, with its details."""
        approved = _listed(
            self._client, ModelPackageGroupName=group, ModelApprovalStatus="Approved"
        )
        return self.describe(approved[0].arn) if approved else None

    def set_approval(self, arn: str, approval: Approval, note: str | None) -> ModelPackage:
        """Approve or reject; the registry's event starts the deployment."""
        package_name(arn)
        change: dict[str, Any] = {"ModelApprovalStatus": approval}
        if note is not None:
            change["ApprovalDescription"] = note
        try:
            self._client.update_model_package(ModelPackageArn=arn, **change)
        except (ClientError, BotoCoreError) as error:
            raise _refused(f"changing {arn}", error) from error
        return self.describe(arn)


def _listed(client: SageMakerClient, **query: Any) -> list[ModelPackage]:
    """Summaries of the packages that a query finds, newest first."""
    found: list[ModelPackage] = []
    try:
        for page in client.get_paginator("list_model_packages").paginate(**query):
            found += [_package(item) for item in page["ModelPackageSummaryList"]]
    except ClientError as error:
        if _is_absent(error):
            return []
        raise _refused("listing the packages", error) from error
    except BotoCoreError as error:
        raise _refused("listing the packages", error) from error
    # By version: the service sorts by time, in which an old version copied today is the newest.
    return sorted(found, key=lambda package: package.version, reverse=True)


def _package(details: Mapping[str, Any]) -> ModelPackage:
    arn = details["ModelPackageArn"]
    name = package_name(arn)
    return ModelPackage(
        arn=arn,
        group=name.group,
        version=name.version,
        approval=details.get("ModelApprovalStatus", "PendingManualApproval"),
        created=str(details["CreationTime"]),
        details=details,
    )


def _is_absent(error: ClientError) -> bool:
    return any(text in str(error) for text in _ABSENT)


def _refused(action: str, error: Exception) -> RegistryError:
    return RegistryError(f"SageMaker refused {action}: {error}")
