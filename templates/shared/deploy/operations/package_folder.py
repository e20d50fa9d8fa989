"""Where the files of a registered model version lie: a folder in S3, which some stacks name."""

from typing import TextIO

import boto3
from botocore.exceptions import ClientError

from components.model_package import ARTIFACT
from components.settings import Stage
from components.synthesis_summary import Summary
from operations.failures import OperationFailed
from operations.synthesis import synthesize


def synthesize_version(
    session: boto3.Session,
    stage: Stage,
    arn: str,
    *,
    immediately: bool = False,
    log: TextIO | None = None,
) -> Summary:
    """Synthesize a stage for a model version, with its folder where the stack names that.

    Raises ConfigurationError or OperationFailed.
    """
    (summary,) = synthesize([stage], model_package_arn=arn, immediately=immediately, log=log)
    if ARTIFACT not in summary.placeholders:
        return summary
    folder = package_folder(session, arn)
    (summary,) = synthesize(
        [stage], model_package_arn=arn, artifact_uri=folder, immediately=immediately, log=log
    )
    return summary


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
