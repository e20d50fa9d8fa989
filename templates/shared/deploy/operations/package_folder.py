"""Where the files of a registered model version lie: a folder in S3."""

import boto3
from botocore.exceptions import ClientError

from operations.failures import OperationFailed


def package_folder(session: boto3.Session, arn: str) -> str:
    """The S3 URI of the folder, without a slash at its end.

    Raises OperationFailed when the version cannot be read or names no folder.
    """
    try:
        package = session.client("sagemaker").describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        raise OperationFailed(f"model package {arn} cannot be read: {error}") from None
    containers = package.get("InferenceSpecification", {}).get("Containers", [])
    source = containers[0].get("ModelDataSource", {}).get("S3DataSource", {}) if containers else {}
    prefix = source.get("S3Uri")
    if not prefix or source.get("S3DataType") == "S3Object":
        raise OperationFailed(
            f"model package {arn} names no artifact as a folder in S3, which the section adapter"
            " or monitoring of the stage's configuration needs; set that section to null, or"
            " register the model as a folder (an adapter: register.weights: adapter)"
        )
    return str(prefix).rstrip("/")
