"""What an execution starts from: outputs of an earlier one, against botocore's model and S3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from mlops.check.definition import read_definition
from mlops.deploy_cloud import Cloud
from mlops.deploy_previous import previous_values
from mlops.settings import Settings

ACCOUNT, REGION, BUCKET = "123456789012", "eu-west-1", "shared-bucket"
PREFIX = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
NOTHING = f"s3://{BUCKET}/domain/project/assets/nothing"
SETTINGS = Settings.model_validate(
    {
        "schema_version": 1,
        "role": "build",
        "template": {"name": "rag", "version": "1.2.3"},
        "project": {"name": "H", "slug": "handbook", "description": "d", "owner": "o", "id": "p1"},
        "aws": {"region": REGION, "account_id": ACCOUNT},
        "storage": {"bucket": BUCKET, "prefix": "domain/project"},
    }
)


def definition(code: str = "1") -> dict[str, Any]:
    """A pipeline whose step Embed starts from its own vectors."""
    inputs = [
        {"InputName": "code", "S3Input": {"S3Uri": f"s3://{BUCKET}/code/{code}"}},
        {"InputName": "data", "S3Input": {"S3Uri": {"Get": "Parameters.InputDataUri"}}},
        {"InputName": "old", "S3Input": {"S3Uri": {"Get": "Parameters.PreviousVectorsUri"}}},
    ]
    outputs = [{"OutputName": "vectors", "S3Output": {"S3Uri": f"s3://{BUCKET}/runs"}}]
    arguments = {"ProcessingInputs": inputs, "ProcessingOutputConfig": {"Outputs": outputs}}
    defaults = {"InputDataUri": f"s3://{BUCKET}/docs", "PreviousVectorsUri": NOTHING, "GitSha": "0"}
    return {
        "Parameters": [
            {"Name": name, "Type": "String", "DefaultValue": value}
            for name, value in defaults.items()
        ],
        "Steps": [{"Name": "Embed", "Type": "Processing", "Arguments": arguments}],
    }


class Service:
    """SageMaker's answers about executions, in the order they are asked for; S3 is moto's."""

    def __init__(self) -> None:
        session = boto3.Session(
            region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        sagemaker = session.client("sagemaker")
        self.s3 = session.client("s3")
        self.s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        self.sagemaker = Stubber(sagemaker)
        self.sagemaker.activate()
        self.cloud = Cloud(s3=self.s3, sagemaker=sagemaker, sts=None)

    def executions(self, **statuses: str) -> None:
        summaries = [
            {"PipelineExecutionArn": arn_of(name), "PipelineExecutionStatus": status}
            for name, status in statuses.items()
        ]
        self.sagemaker.add_response(
            "list_pipeline_executions", {"PipelineExecutionSummaries": summaries}
        )

    def steps(self, name: str, status: str = "Succeeded") -> None:
        job = {"ProcessingJob": {"Arn": f"{PREFIX}:processing-job/embed-{name}"}}
        step = {"StepName": "Embed", "StepStatus": status, "Metadata": job}
        self.sagemaker.add_response(
            "list_pipeline_execution_steps",
            {"PipelineExecutionSteps": [step]},
            {"PipelineExecutionArn": arn_of(name), "SortOrder": "Ascending"},
        )

    def given(self, name: str, document: dict[str, Any], **values: str) -> None:
        asked = {"PipelineExecutionArn": arn_of(name)}
        self.sagemaker.add_response(
            "describe_pipeline_definition_for_execution",
            {"PipelineDefinition": json.dumps(document)},
            asked,
        )
        parameters = [{"Name": key, "Value": value} for key, value in values.items()]
        self.sagemaker.add_response(
            "list_pipeline_parameters_for_execution", {"PipelineParameters": parameters}, asked
        )

    def wrote(self, name: str, **files: str) -> None:
        uri = f"s3://{BUCKET}/runs/{name}/vectors"
        for file, content in files.items():
            self.s3.put_object(
                Bucket=BUCKET, Key=f"runs/{name}/vectors/{file}.npy", Body=content.encode()
            )
        output = {
            "OutputName": "vectors",
            "S3Output": {"S3Uri": uri, "LocalPath": "/opt/ml", "S3UploadMode": "EndOfJob"},
        }
        answer = {
            "ProcessingJobName": f"embed-{name}",
            "ProcessingOutputConfig": {"Outputs": [output]},
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": "ml.m5.large",
                    "VolumeSizeInGB": 1,
                }
            },
            "AppSpecification": {"ImageUri": "image"},
            "ProcessingJobArn": f"{PREFIX}:processing-job/embed-{name}",
            "ProcessingJobStatus": "Completed",
            "CreationTime": 0,
        }
        self.sagemaker.add_response(
            "describe_processing_job", answer, {"ProcessingJobName": f"embed-{name}"}
        )

    def ask(self, document: dict[str, Any], **values: str) -> dict[str, str]:
        read = read_definition(document)
        known = {name: item.default for name, item in read.parameters.items()} | values
        found = previous_values(read, known, self.cloud, SETTINGS)
        self.sagemaker.assert_no_pending_responses()
        return found

    def keys(self, uri: str) -> dict[str, str]:
        """What lies below an address: the rest of the key to content."""
        prefix = uri.removeprefix(f"s3://{BUCKET}/")
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return {
            item["Key"].removeprefix(prefix + "/"): self.s3.get_object(
                Bucket=BUCKET, Key=item["Key"]
            )["Body"]
            .read()
            .decode()
            for item in listed
        }


def arn_of(name: str) -> str:
    return f"{PREFIX}:pipeline/githubactions-p1/execution/{name}"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield Service()


def test_the_newest_execution_that_wrote_it_is_copied(service: Service) -> None:
    service.executions(running1="Executing", failed1="Failed", good1="Succeeded", good2="Succeeded")
    service.steps("failed1", "Failed")
    service.steps("good1")
    service.given("good1", definition(code="0"))
    service.wrote("good1", a="1", b="2")
    (uri,) = service.ask(definition()).values()
    assert uri.startswith(f"s3://{BUCKET}/domain/project/previous/vectors/")
    assert service.keys(uri) == {"a.npy": "1", "b.npy": "2"}


def test_the_same_content_has_the_same_address(service: Service) -> None:
    addresses = []
    for name, content in (("one1", "1"), ("two1", "1"), ("six1", "2")):
        service.executions(**{name: "Succeeded"})
        service.steps(name)
        service.given(name, definition(code="0"))
        service.wrote(name, a=content)
        addresses += service.ask(definition()).values()
    assert addresses[0] == addresses[1] != addresses[2]


def test_a_step_that_failed_after_embedding_loses_no_vectors(service: Service) -> None:
    service.executions(late1="Failed")
    service.steps("late1")
    service.given("late1", definition(), InputDataUri="s3://other/docs")
    service.wrote("late1", a="1")
    (uri,) = service.ask(definition()).values()
    assert service.keys(uri) == {"a.npy": "1"}


def test_where_nothing_has_changed_the_execution_is_repeated(service: Service) -> None:
    before = f"s3://{BUCKET}/domain/project/previous/vectors/0123"
    service.executions(good1="Succeeded")
    service.steps("good1")
    service.given("good1", definition(), PreviousVectorsUri=before, GitSha="1")
    assert service.ask(definition(), GitSha="2") == {"PreviousVectorsUri": before}


def test_the_first_execution_starts_from_nothing(service: Service) -> None:
    service.sagemaker.add_client_error("list_pipeline_executions", "ResourceNotFound")
    assert service.ask(definition()) == {}
    service.executions()
    assert service.ask(definition()) == {}


def test_a_pipeline_without_such_a_parameter_asks_nothing(service: Service) -> None:
    document = definition()
    document["Parameters"] = document["Parameters"][:1]
    assert service.ask(document) == {}
