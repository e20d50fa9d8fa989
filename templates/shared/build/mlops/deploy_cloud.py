"""The AWS clients of a deployment, and what to do about the errors they raise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from mlops.errors import CommandError
from mlops.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

# Throttled calls and those that failed on the service's side are repeated with growing pauses.
RETRIES = Config(retries={"mode": "standard", "max_attempts": 8})
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "UnrecognizedClientException"}
DENIED = {"AccessDenied", "AccessDeniedException", "403"}
LOG_IN = "log in (for example `aws sso login`) or set AWS_PROFILE"


class CloudError(CommandError):
    """AWS did not do what was asked; the message says what that was and what to do."""


@dataclass(frozen=True)
class Cloud:
    """The clients that a deployment uses, all in the project's region.

    With `kms_key`, an ARN, what is written to S3 is encrypted with that key; otherwise by the
    bucket's own default.
    """

    s3: S3Client
    sagemaker: SageMakerClient
    sts: Any
    kms_key: str | None = None

    @property
    def encryption(self) -> dict[str, str]:
        """Arguments of calls that write to S3."""
        if self.kms_key is None:
            return {}
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key}


def connect(
    settings: Settings, kms_key: str | None = None, session: boto3.Session | None = None
) -> Cloud:
    """Clients with the credentials of `session`, or of the environment.

    Raises `CloudError` when there are none, or when they belong to another account than
    `cicd-config.json` names.
    """
    with calling("asking which account the credentials belong to"):
        session = session or boto3.Session(region_name=settings.region)
        cloud = Cloud(
            s3=session.client("s3", config=RETRIES),
            sagemaker=session.client("sagemaker", config=RETRIES),
            sts=session.client("sts", config=RETRIES),
            kms_key=kms_key,
        )
        account = cloud.sts.get_caller_identity()["Account"]
    if account != settings.account_id:
        raise CloudError(
            f"the credentials belong to account {account}, and aws.account_id in "
            f"cicd-config.json is {settings.account_id}: {LOG_IN} for that account",
            exit_code=2,
        )
    return cloud


@contextmanager
def calling(action: str) -> Iterator[None]:
    """Turn what AWS raises inside the block into a `CloudError` that says what to do."""
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError, ProfileNotFound) as error:
        raise CloudError(f"{action} failed: {error}; {LOG_IN}", exit_code=2) from error
    except ClientError as error:
        raise CloudError(f"{action} failed: {_explained(error)}") from error
    except BotoCoreError as error:
        raise CloudError(f"{action} failed: {error}") from error


def error_code(error: ClientError) -> str:
    """The service's name for what went wrong, such as `ThrottlingException`."""
    return error.response.get("Error", {}).get("Code", "")


def _explained(error: ClientError) -> str:
    code = error_code(error)
    if code in EXPIRED:
        return f"the credentials have expired ({code}): {LOG_IN}"
    if code in DENIED:
        return f"{error}; grant the role that deploys the permission to {error.operation_name}"
    return str(error)
