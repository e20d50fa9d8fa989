"""`python -m mlops deploy` with this repository's own pipeline, against moto."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from sample_project import FACTS

from mlops.__main__ import main
from mlops.check import check_definition

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
