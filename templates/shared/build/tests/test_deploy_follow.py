"""Following an execution, against botocore's own model of the answers: good, bad and flaky."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from mlops.check.definition import read_definition
from mlops.deploy import follow, report
from mlops.deploy_cloud import Cloud, CloudError
from mlops.deploy_follow import FAILURES_TOLERATED, Follower
from mlops.errors import CommandError
from mlops.settings import Settings
from mlops.summary import read_record

ACCOUNT, REGION = "123456789012", "eu-west-1"
PREFIX = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
ARN = f"{PREFIX}:pipeline/githubactions-prj1/execution/abc123def456"
PACKAGE = f"{PREFIX}:model-package/aiops-prj1-models/3"
JOB = f"{PREFIX}:processing-job/pipelines-abc123def456-Evaluate-x"
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EVALUATION = {
    "regression_metrics": {"rmse": {"value": 54.7, "standard_deviation": 2.0}},
    "baselines": {"mean": {"rmse": 76.9}},
    "champion": None,
    "gate": {"message": "rmse 54.7 is within 60"},
}
DEFINITION = read_definition(
    {
        "Parameters": [{"Name": "MetricBound", "Type": "Float", "DefaultValue": 60.0}],
        "Steps": [
            {"Name": "Train", "Type": "Training", "Arguments": {}},
            {
                "Name": "Evaluate",
                "Type": "Processing",
                "Arguments": {},
                "DependsOn": ["Train"],
                "PropertyFiles": [
                    {
                        "PropertyFileName": "Evaluation",
                        "OutputName": "evaluation",
                        "FilePath": "evaluation.json",
                    }
                ],
            },
            {
                "Name": "QualityGate",
                "Type": "Condition",
                "DependsOn": ["Evaluate"],
                "Arguments": {
                    "Conditions": [],
                    "IfSteps": [{"Name": "RegisterModel", "Type": "RegisterModel"}],
                    "ElseSteps": [{"Name": "QualityGateFailed", "Type": "Fail"}],
                },
            },
        ],
    }
)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def step(name: str, status: str = "Succeeded", **more: Any) -> dict[str, Any]:
    ended = {} if status == "Executing" else {"EndTime": at(90)}
    return {"StepName": name, "StepStatus": status, "StartTime": at(30)} | ended | more


TRAIN = step("Train", Metadata={"TrainingJob": {"Arn": f"{PREFIX}:training-job/train-1"}})
EVALUATE = step("Evaluate", Metadata={"ProcessingJob": {"Arn": JOB}})
REGISTER = step("RegisterModel", Metadata={"RegisterModel": {"Arn": PACKAGE}})


class Service:
    """Answers of SageMaker and S3, in the order in which they are given here."""

    def __init__(self) -> None:
        options: dict[str, Any] = {
            "region_name": REGION,
            "aws_access_key_id": "testing",
            "aws_secret_access_key": "testing",
        }
        sagemaker, s3 = boto3.client("sagemaker", **options), boto3.client("s3", **options)
        self.cloud = Cloud(s3=s3, sagemaker=sagemaker, sts=None)
        self.sagemaker, self.s3 = Stubber(sagemaker), Stubber(s3)
        self.said: list[str] = []
        self.slept: list[float] = []

    def execution(self, status: str, *steps: dict[str, Any], reason: str | None = None) -> None:
        answer = {
            "PipelineExecutionArn": ARN,
            "PipelineExecutionStatus": status,
            "CreationTime": START,
            "LastModifiedTime": at(600),
        }
        if reason:
            answer["FailureReason"] = reason
        self.sagemaker.add_response(
            "describe_pipeline_execution", answer, {"PipelineExecutionArn": ARN}
        )
        self.sagemaker.add_response(
            "list_pipeline_execution_steps",
            {"PipelineExecutionSteps": list(steps)},
            {"PipelineExecutionArn": ARN, "SortOrder": "Ascending"},
        )

    def error(self, code: str, status: int = 400) -> None:
        self.sagemaker.add_client_error(
            "describe_pipeline_execution", code, f"{code} happened", http_status_code=status
        )

    def evaluation(self, uri: str = "s3://bucket/runs/abc/Evaluate/evaluation") -> None:
        self.sagemaker.add_response(
            "describe_processing_job",
            {
                "ProcessingJobName": JOB.rpartition("/")[2],
                "ProcessingResources": {
                    "ClusterConfig": {
                        "InstanceCount": 1,
                        "InstanceType": "ml.m5.large",
                        "VolumeSizeInGB": 30,
                    }
                },
                "AppSpecification": {"ImageUri": "image"},
                "ProcessingJobArn": JOB,
                "ProcessingJobStatus": "Completed",
                "CreationTime": START,
                "ProcessingOutputConfig": {
                    "Outputs": [
                        {
                            "OutputName": "evaluation",
                            "S3Output": {"S3Uri": uri, "S3UploadMode": "EndOfJob"},
                        }
                    ]
                },
            },
            {"ProcessingJobName": JOB.rpartition("/")[2]},
        )
        body = json.dumps(EVALUATION).encode()
        self.s3.add_response(
            "get_object",
            {"Body": StreamingBody(io.BytesIO(body), len(body))},
            {"Bucket": "bucket", "Key": "runs/abc/Evaluate/evaluation/evaluation.json"},
        )

    def follower(self) -> Follower:
        now = iter(range(0, 10**9, 200))
        return Follower(
            self.cloud, self.said.append, sleep=self.slept.append, clock=lambda: next(now)
        )


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    with made.sagemaker, made.s3:
        yield made
    made.sagemaker.assert_no_pending_responses()
    made.s3.assert_no_pending_responses()


@pytest.fixture
def settings() -> Settings:
    return Settings.model_validate(
        {
            "schema_version": 1,
            "role": "build",
            "template": {"name": "regression", "version": "1.2.3"},
            "project": {
                "name": "House prices",
                "slug": "house-prices",
                "description": "Predicts house prices",
                "owner": "ml-team@example.com",
                "id": "prj1",
            },
            "aws": {"region": REGION, "account_id": ACCOUNT},
        }
    )


def test_an_execution_that_succeeds(
    service: Service, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.execution("Executing", step("Train", "Executing"))
    service.execution("Executing", TRAIN, step("Evaluate", "Executing"))
    service.execution("Succeeded", TRAIN, EVALUATE, step("QualityGate"), REGISTER)
    service.evaluation()
    record = follow(
        service.cloud, settings, DEFINITION, {"MetricBound": 58.0}, ARN, service.follower()
    )
    assert (record.status, record.failure_reason, record.seconds) == ("Succeeded", None, 600.0)
    assert record.metrics == {"rmse": 54.7}
    assert record.model_package_arn == PACKAGE
    assert record.parameters == {"MetricBound": 58.0}
    assert {item.name: item.status for item in record.steps} == {
        "Train": "Succeeded",
        "Evaluate": "Succeeded",
        "QualityGate": "Succeeded",
        "RegisterModel": "Succeeded",
        "QualityGateFailed": "NotStarted",
    }
    links = {item.name: item.link for item in record.steps}
    assert links["Train"] is not None
    assert links["Train"].endswith("sagemaker/home?region=eu-west-1#/jobs/train-1")
    assert [line.split()[:2] for line in service.said] == [
        ["Train", "Executing"],
        ["Train", "Succeeded"],
        ["Evaluate", "Executing"],
        ["Evaluate", "Succeeded"],
        ["QualityGate", "Succeeded"],
        ["RegisterModel", "Succeeded"],
    ]

    monkeypatch.setenv("MLOPS_LOCAL_DIR", str(tmp_path / "local"))
    summary = tmp_path / "summary.md"
    summary.write_text("# before\n")
    assert report(record, DEFINITION, summary) == 0
    assert summary.read_text().startswith("# before\n## ✅ Pipeline succeeded in 10 min 0 s")
    assert "| rmse | **54.7** | 76.9 |" in summary.read_text()
    assert read_record(tmp_path / "local/last_deploy.json") == record


def test_an_execution_that_the_gate_ends(
    service: Service, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = "Not registered: rmse 61 is above 60 by 1"
    failed = step("QualityGateFailed", "Failed", Metadata={"Fail": {"ErrorMessage": message}})
    service.execution("Failed", TRAIN, EVALUATE, step("QualityGate"), failed, reason="Step failure")
    service.evaluation()
    record = follow(service.cloud, settings, DEFINITION, {}, ARN, service.follower())
    assert record.status == "Failed"
    assert record.failure_reason == f"QualityGateFailed: {message}"
    assert record.model_package_arn is None

    monkeypatch.setenv("MLOPS_LOCAL_DIR", str(tmp_path / "local"))
    with pytest.raises(CommandError, match="rmse 61 is above 60 by 1") as caught:
        report(record, DEFINITION, tmp_path / "summary.md")
    assert caught.value.exit_code == 1
    assert message in (tmp_path / "summary.md").read_text()
    assert (tmp_path / "local/last_deploy.json").is_file()


def test_an_execution_whose_job_fails(service: Service, settings: Settings) -> None:
    failed = step("Train", "Failed", FailureReason="AlgorithmError: exit code 1\nno rows")
    service.execution("Failed", failed)
    record = follow(service.cloud, settings, DEFINITION, {}, ARN, service.follower())
    assert record.failure_reason == "Train: AlgorithmError: exit code 1\nno rows"
    assert record.metrics == {}


@pytest.mark.parametrize("status", ["Stopped", "CompletedWithFailures"])
def test_any_other_end_is_no_success(service: Service, settings: Settings, status: str) -> None:
    service.execution(status, step("Train", "Stopped"))
    record = follow(service.cloud, settings, DEFINITION, {}, ARN, service.follower())
    assert record.status == status
    assert status in (record.failure_reason or "")


def test_a_reused_step_is_shown_as_such(service: Service, settings: Settings) -> None:
    source = f"{ARN[:-12]}000000000000"
    hit = {"CacheHitResult": {"SourcePipelineExecutionArn": source}}
    service.execution("Succeeded", TRAIN | hit, EVALUATE | hit)
    service.evaluation()
    record = follow(service.cloud, settings, DEFINITION, {}, ARN, service.follower())
    assert [item.cached for item in record.steps[:2]] == [True, True]
    assert record.metrics == {"rmse": 54.7}
    assert "(cached)" in service.said[0]


def test_throttling_and_outages_are_waited_out(service: Service, settings: Settings) -> None:
    service.error("ThrottlingException")
    service.error("InternalFailure", 500)
    service.execution("Executing", step("Train", "Executing"))
    service.error("ThrottlingException")
    service.execution("Succeeded", TRAIN)
    record = follow(service.cloud, settings, DEFINITION, {}, ARN, service.follower())
    assert record.status == "Succeeded"
    assert service.slept == [30.0, 60.0, 15.0, 30.0]


def test_an_outage_that_lasts_ends_the_following(service: Service, settings: Settings) -> None:
    for _ in range(FAILURES_TOLERATED + 1):
        service.error("ServiceUnavailable", 503)
    with pytest.raises(CloudError, match="ServiceUnavailable happened"):
        follow(service.cloud, settings, DEFINITION, {}, ARN, service.follower())


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ExpiredTokenException", "credentials have expired"),
        ("AccessDeniedException", "grant the role that deploys the permission to Describe"),
    ],
)
def test_what_waiting_does_not_cure_is_said_at_once(
    service: Service, settings: Settings, code: str, message: str
) -> None:
    service.error(code)
    with pytest.raises(CloudError, match=message):
        follow(service.cloud, settings, DEFINITION, {}, ARN, service.follower())
    assert service.slept == []


def test_metrics_that_cannot_be_read_do_not_fail_a_success(
    service: Service, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    service.execution("Succeeded", TRAIN, EVALUATE, REGISTER)
    service.sagemaker.add_client_error("describe_processing_job", "AccessDeniedException", "no")
    record = follow(service.cloud, settings, DEFINITION, {}, ARN, service.follower())
    assert (record.status, record.model_package_arn) == ("Succeeded", PACKAGE)
    assert "the metrics cannot be shown" in capsys.readouterr().out


def test_a_long_step_is_still_heard_of(service: Service, settings: Settings) -> None:
    for _ in range(4):
        service.execution("Executing", step("Train", "Executing"))
    service.execution("Stopped", step("Train", "Stopped"))
    follow(service.cloud, settings, DEFINITION, {}, ARN, service.follower())
    assert [line.split()[1] for line in service.said] == ["Executing", "Executing", "Stopped"]


def interrupt(_: float) -> None:
    raise KeyboardInterrupt


def test_an_interruption_leaves_the_execution_alone(service: Service) -> None:
    """Nothing is sent to stop it: the stub has no other answer."""
    service.execution("Executing", step("Train", "Executing"))
    follower = Follower(service.cloud, service.said.append, sleep=interrupt)
    with pytest.raises(KeyboardInterrupt):
        follower.follow(ARN)
