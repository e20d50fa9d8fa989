"""The request that the model's evaluation left for smoke tests, with the answer it expects."""

import json
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from components.errors import ConfigurationError, describe
from operations.comparison import Lists
from operations.failures import OperationFailed

# The key of CustomerMetadataProperties under which the build repository registers the request.
METADATA_KEY = "sample_request_uri"


class SampleRequest(BaseModel):
    """A request body and the answer that the model gave when it was evaluated."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    content_type: str = Field(description="a media type such as application/json")
    body: JsonValue = Field(description="the request: JSON, or text for another media type")
    expected: JsonValue = Field(description="the expected answer as JSON")
    # Written texts differ a little from one processor to another; numbers have a tolerance.
    similarity: float = Field(1.0, gt=0, le=1, description="how alike texts must be, up to 1")
    lists: Lists = Field("same", description="same, or contain: entries in any order, and others")
    # What only the smoke tests of the use case understand.
    cases: JsonValue = Field(None, description="what else the smoke tests ask about")

    def encode(self) -> bytes:
        """The bytes to send: text as it is, anything else as JSON."""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        return text.encode()


def from_file(file: Path) -> SampleRequest:
    """Read a sample request; raises ConfigurationError when it is absent or wrong."""
    try:
        return _parse(file.read_bytes(), Path(file))
    except OSError as error:
        raise ConfigurationError(
            f"the sample request {file} cannot be read ({error.strerror}); in the build repository"
            " `make run` writes one, named in .local/last_run.json"
        ) from None


def from_model_package(session: boto3.Session, arn: str) -> SampleRequest:
    """Read the sample request that a registered model version points to.

    Raises OperationFailed when the version or the object cannot be read.
    """
    try:
        package: Any = session.client("sagemaker").describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        raise OperationFailed(f"model package {arn} cannot be read: {error}") from None
    uri = package.get("CustomerMetadataProperties", {}).get(METADATA_KEY)
    if not uri:
        raise OperationFailed(
            f"model package {arn} has no {METADATA_KEY} in its customer metadata; give a file"
            " with SAMPLE_REQUEST=..."
        )
    bucket, _, key = str(uri).removeprefix("s3://").partition("/")
    try:
        found = session.client("s3").get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        raise OperationFailed(f"the sample request {uri} cannot be read: {error}") from None
    return _parse(found["Body"].read(), Path(key))


def _parse(content: bytes, file: Path) -> SampleRequest:
    try:
        return SampleRequest.model_validate_json(content)
    except ValidationError as error:
        raise ConfigurationError(describe(error, model=SampleRequest, file=file)) from None
