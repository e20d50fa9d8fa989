"""`python -m mlops deploy` with this repository's own pipeline, against stand-ins for AWS.

moto stands for S3 and STS, and for SageMaker as long as nothing has to run. Where an execution is
followed, a server on this machine plays SageMaker; moto's executions have no steps.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from pipeline_project import FACTS

from mlops import deploy_follow
from mlops.__main__ import main
from mlops.check import check_definition
from mlops.summary import read_record

pytestmark = pytest.mark.xdist_group("compile")

ACCOUNT, REGION, BUCKET = "123456789012", "eu-west-1", "shared-bucket"
CLOUD_FACTS = {
    "aws": {"region": REGION, "account_id": ACCOUNT},
    "project": FACTS["project"] | {"id": "prj1"},
    "sagemaker": {"pipeline_role_arn": f"arn:aws:iam::{ACCOUNT}:role/pipeline"},
    "storage": {"bucket": BUCKET, "prefix": "domain/project"},
}
MakeProject = Callable[..., Path]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An account with the project's bucket; its S3 client."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "GITHUB_SHA"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        s3 = boto3.client("s3", region_name=REGION)
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield s3


def test_a_deployment_puts_all_that_the_definition_refers_to(
    account: Any,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = make_project(facts=CLOUD_FACTS)
    monkeypatch.chdir(root)
    monkeypatch.setenv("GITHUB_SHA", "c" * 40)
    assert main(["deploy", "--no-follow", "--param", "MetricBound=55"]) == 0
    said = capsys.readouterr().out
    assert "pipeline githubactions-prj1 created" in said

    sagemaker = boto3.client("sagemaker", region_name=REGION)
    pipeline = sagemaker.describe_pipeline(PipelineName="githubactions-prj1")
    definition = json.loads(pipeline["PipelineDefinition"])
    assert check_definition(definition) == []
    keys = {item["Key"] for item in account.list_objects_v2(Bucket=BUCKET)["Contents"]}
    staged = root / ".pipeline/assets" / BUCKET
    assert keys == {
        path.relative_to(staged).as_posix() for path in staged.rglob("*") if path.is_file()
    }
    assert all(key.startswith("domain/project/assets/") for key in keys)

    arn = said.partition("started ")[2].split()[0]
    parameters = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
    assert {item["Name"]: item["Value"] for item in parameters["PipelineParameters"]} == {
        "GitSha": "c" * 40,
        "MetricBound": "55.0",
    }

    assert main(["deploy", "--no-follow"]) == 0
    said = capsys.readouterr().out
    assert "uploaded 0 files" in said
    assert "pipeline githubactions-prj1 unchanged" in said


def test_a_dry_run_says_what_it_would_do_and_asks_nothing(
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without moto and without credentials: a call would fail."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(make_project(facts=CLOUD_FACTS))
    assert main(["deploy", "--dry-run", "-p", "TrainInstanceType=ml.m5.2xlarge"]) == 0
    said = capsys.readouterr().out
    assert "githubactions-prj1" in said
    assert "aiops-prj1-models" in said
    assert "s3://shared-bucket/domain/project" in said
    assert "parameter   TrainInstanceType=ml.m5.2xlarge" in said
    assert "nothing was changed" in said


def test_missing_facts_are_named_before_anything_is_done(
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = make_project(facts=CLOUD_FACTS | {"storage": {"bucket": None, "prefix": None}})
    monkeypatch.chdir(root)
    assert main(["deploy"]) == 2
    said = capsys.readouterr().err
    assert "storage.bucket" in said
    assert "storage.prefix" in said
    assert "aws.account_id" not in said
    assert not (root / ".pipeline").exists()


def test_a_parameter_nobody_knows_is_refused_before_any_call(
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(make_project(facts=CLOUD_FACTS))
    assert main(["deploy", "--param", "ModelApprovalStatus=Aproved"]) == 2
    assert "Approved" in capsys.readouterr().err


ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
EXECUTION = f"{ARN}:pipeline/githubactions-prj1/execution/abc123def456"
JOB = "pipelines-abc123def456-Evaluate-x"
EVALUATION = {
    "regression_metrics": {"rmse": {"value": 54.7}},
    "gate": {"message": "RMSE 54.7: meets the bound 60 by 5.3"},
}
TIMES = {"StartTime": 1000.0, "EndTime": 1090.0}
SUCCEEDED: list[dict[str, Any]] = [
    {"StepName": "Prepare", "CacheHitResult": {"SourcePipelineExecutionArn": EXECUTION}},
    {"StepName": "Train"},
    {
        "StepName": "Evaluate",
        "Metadata": {"ProcessingJob": {"Arn": f"{ARN}:processing-job/{JOB}"}},
    },
    {"StepName": "QualityGate", "Metadata": {"Condition": {"Outcome": "True"}}},
    {
        "StepName": "RegisterModel",
        "Metadata": {"RegisterModel": {"Arn": f"{ARN}:model-package/aiops-prj1-models/1"}},
    },
]


class Sagemaker:
    """What a server on this machine answers for SageMaker; `called` has the names of the calls."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.polls: list[tuple[str, list[dict[str, Any]]]] = []
        self.on_poll: Callable[[], None] = lambda: None
        self.pipeline: dict[str, Any] | None = None

    def answer(self, action: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.called.append(action)
        match action:
            case "DescribePipeline" if self.pipeline is None:
                return 400, {"__type": "ResourceNotFound", "message": "Pipeline does not exist."}
            case "DescribePipeline":
                return 200, self.pipeline
            case "CreatePipeline":
                self.pipeline = request | {"PipelineArn": f"{ARN}:pipeline/githubactions-prj1"}
            case "DescribeModelPackageGroup":
                return 200, {"ModelPackageGroupArn": f"{ARN}:model-package-group/g"}
            case "ListModelPackages":
                return 200, {"ModelPackageSummaryList": []}
            case "StartPipelineExecution":
                return 200, {"PipelineExecutionArn": EXECUTION}
            case "ListPipelineParametersForExecution":
                return 200, {"PipelineParameters": [{"Name": "GitSha", "Value": "earlier"}]}
            case "DescribePipelineExecution":
                self.on_poll()
                times = {"CreationTime": 1000.0, "LastModifiedTime": 1600.0}
                return 200, {"PipelineExecutionStatus": self.polls[0][0]} | times
            case "ListPipelineExecutionSteps":
                steps = self.polls.pop(0)[1]
                return 200, {"PipelineExecutionSteps": steps}
            case "DescribeProcessingJob":
                output = {
                    "OutputName": "evaluation",
                    "S3Output": {"S3Uri": f"s3://{BUCKET}/runs/evaluation"},
                }
                return 200, {"ProcessingOutputConfig": {"Outputs": [output]}}
        return 200, {}


@pytest.fixture
def sagemaker(account: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sagemaker]:
    """SageMaker on 127.0.0.1, polled without pauses."""
    service = Sagemaker()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            action = self.headers["X-Amz-Target"].partition(".")[2]
            status, answer = service.answer(action, json.loads(body))
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(deploy_follow, "POLL_SECONDS", 0.01)
    body = json.dumps(EVALUATION).encode()
    account.put_object(Bucket=BUCKET, Key="runs/evaluation/evaluation.json", Body=body)
    yield service
    server.shutdown()
    server.server_close()


def reached(*steps: dict[str, Any], **last: Any) -> list[dict[str, Any]]:
    """Steps as the service lists them, all succeeded but what `last` says of the last."""
    listed = [{"StepStatus": "Succeeded"} | TIMES | step for step in steps]
    listed[-1] |= last
    return listed


def test_a_deployment_is_followed_to_its_end(
    sagemaker: Sagemaker,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sagemaker.polls = [
        ("Executing", reached(*SUCCEEDED[:2], StepStatus="Executing")),
        ("Succeeded", reached(*SUCCEEDED)),
    ]
    root = make_project(facts=CLOUD_FACTS)
    monkeypatch.chdir(root)
    assert main(["deploy", "--summary", str(tmp_path / "summary.md")]) == 0
    said = capsys.readouterr().out
    assert "(cached)" in said
    assert "registered arn:aws:sagemaker:eu-west-1:123456789012:model-package/" in said
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "## ✅ Pipeline succeeded in 10 min 0 s" in summary
    assert "| rmse | **54.7** |" in summary
    assert "RMSE 54.7: meets the bound 60 by 5.3" in summary
    assert summary.count(":::succeeded") == 5
    record = read_record(root / ".local/last_deploy.json")
    assert (record.status, record.metrics) == ("Succeeded", {"rmse": 54.7})


def test_an_execution_that_fails_ends_the_command_with_its_reason(
    sagemaker: Sagemaker,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reason = "Not registered: RMSE 61 misses the bound 60 by 1"
    failed = {"StepName": "QualityGateFailed", "Metadata": {"Fail": {"ErrorMessage": reason}}}
    sagemaker.polls = [("Failed", reached(*SUCCEEDED[:4], failed, StepStatus="Failed"))]
    monkeypatch.chdir(make_project(facts=CLOUD_FACTS))
    assert main(["deploy", "--summary", str(tmp_path / "summary.md")]) == 1
    assert reason in capsys.readouterr().err
    assert reason in (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_an_interrupted_deployment_can_be_followed_again(
    sagemaker: Sagemaker,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sagemaker.polls = [("Executing", [])] * 5
    sagemaker.on_poll = lambda: os.kill(os.getpid(), signal.SIGTERM)
    monkeypatch.chdir(make_project(facts=CLOUD_FACTS))
    assert main(["deploy"]) == 130
    said = capsys.readouterr().out
    assert f"To follow it again: python -m mlops deploy --execution {EXECUTION}" in said
    assert not [name for name in sagemaker.called if name.startswith("Stop")]

    sagemaker.called, sagemaker.on_poll = [], lambda: None
    sagemaker.polls = [("Succeeded", reached(*SUCCEEDED))]
    assert main(["deploy", "--execution", EXECUTION]) == 0
    assert "StartPipelineExecution" not in sagemaker.called
    assert read_record(Path(".local/last_deploy.json")).parameters["GitSha"] == "earlier"
