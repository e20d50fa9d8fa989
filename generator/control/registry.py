"""What the model registry says of a package: its approval, its group's tags, our own note on it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from generator import patterns
from generator.control.aws import explained
from generator.errors import GeneratorError, InputError, shown

MODEL_PACKAGE_ARN = re.compile(
    rf"arn:{patterns.PARTITION}:sagemaker:(?P<region>{patterns.REGION}):{patterns.ACCOUNT}"
    r":model-package/[A-Za-z0-9](?:-*[A-Za-z0-9]){0,62}(?:/[1-9][0-9]{0,8})?"
)


class RegistryUnavailable(GeneratorError):
    """The model registry did not answer usefully, after botocore's own retries."""


class RegistryRefused(InputError):
    """The registry has no such package or group, or our role may not look."""


@dataclass(frozen=True)
class Package:
    """A model package. group and version are None for one that belongs to no group."""

    arn: str
    group: str | None
    version: int | None
    approval: str
    stage: str | None
    created_at: datetime
    notes: Mapping[str, str] = field(repr=False)


class Registry:
    """The registry of a region, through a botocore client of SageMaker."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def package(self, arn: str) -> Package:
        """Return the package as it is now. Raises RegistryRefused or RegistryUnavailable."""
        with _calling("DescribeModelPackage", arn):
            found = self._client.describe_model_package(ModelPackageName=arn)
        return Package(
            arn=found["ModelPackageArn"],
            group=found.get("ModelPackageGroupName"),
            version=found.get("ModelPackageVersion"),
            approval=found.get("ModelApprovalStatus", ""),
            stage=(found.get("ModelLifeCycle") or {}).get("Stage"),
            created_at=found["CreationTime"],
            notes=found.get("CustomerMetadataProperties") or {},
        )

    def group_tags(self, group: str) -> dict[str, str]:
        """Return the tags of a model package group."""
        with _calling("DescribeModelPackageGroup", group):
            found = self._client.describe_model_package_group(ModelPackageGroupName=group)
        arn = found["ModelPackageGroupArn"]
        tags: dict[str, str] = {}
        with _calling("ListTags", arn):
            for page in self._client.get_paginator("list_tags").paginate(ResourceArn=arn):
                tags |= {tag["Key"]: tag["Value"] for tag in page["Tags"]}
        return tags

    def note(self, arn: str, name: str, value: str) -> None:
        """Write a note beside those that others have put on the package."""
        with _calling("UpdateModelPackage", arn):
            self._client.update_model_package(
                ModelPackageArn=arn, CustomerMetadataProperties={name: value}
            )


def package_region(arn: object) -> str:
    """Return the region of a model package's ARN; InputError for anything else."""
    found = MODEL_PACKAGE_ARN.fullmatch(arn) if isinstance(arn, str) else None
    if found is None:
        raise InputError(f"ModelPackageArn = {shown(arn)}: not the ARN of a model package")
    return found["region"]


@contextmanager
def _calling(action: str, what: str) -> Iterator[None]:
    needed = f"{what} must exist, and the role needs sagemaker:{action} on it"
    with explained(RegistryUnavailable, RegistryRefused, needed):
        yield
