"""Where the adapter of a registered model version lies: an archive beside its other files."""

import boto3
from botocore.exceptions import ClientError

from components.model_package import ADAPTER_ARCHIVE
from operations.failures import OperationFailed


def adapter_archive(session: boto3.Session, arn: str) -> str:
    """The S3 URI of a model version's adapter.

    Raises OperationFailed when the version cannot be read or names no artifact.
    """
    try:
        package = session.client("sagemaker").describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        raise OperationFailed(f"model package {arn} cannot be read: {error}") from None
    containers = package.get("InferenceSpecification", {}).get("Containers", [])
    source = containers[0].get("ModelDataSource", {}).get("S3DataSource", {}) if containers else {}
    prefix = source.get("S3Uri")
    if not prefix:
        raise OperationFailed(
            f"model package {arn} names no artifact as a folder in S3, so it has no adapter to lay"
            " over a shared base; register an adapter (register.weights: adapter), or set adapter"
            " to null in the stage's configuration"
        )
    return f"{prefix.rstrip('/')}/{ADAPTER_ARCHIVE}"
