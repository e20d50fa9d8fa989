"""A deployment against moto: uploads, pipeline, group, champion, data version; and its refusals."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from mlops.check.definition import read_definition
from mlops.commit import current_commit
from mlops.compile import CompiledPipeline
from mlops.deploy import bring, kms_key
from mlops.deploy_assets import missing_assets, staged_assets, upload_assets
from mlops.deploy_cloud import Cloud, CloudError, connect
from mlops.deploy_inputs import cloud_values, data_version, local_values
from mlops.deploy_pipeline import ensure_group, ensure_pipeline, start_execution
from mlops.errors import CommandError
from mlops.settings import Settings

ACCOUNT, REGION, BUCKET = "123456789012", "eu-west-1", "shared-bucket"
FACTS: dict[str, Any] = {
    "schema_version": 1,
    "role": "build",
    "template": {"name": "regression", "version": "1.2.3"},
    "project": {
        "name": "House prices",
        "slug": "house-prices",
        "description": "Predicts house prices",
        "owner": "ml-team@example.com",
        "id": "prj1",
        "domain_id": "dzd1",
    },
    "aws": {"region": REGION, "account_id": ACCOUNT},
    "sagemaker": {"pipeline_role_arn": f"arn:aws:iam::{ACCOUNT}:role/pipeline"},
    "storage": {"bucket": BUCKET, "prefix": "domain/project"},
}
DEFINITION: dict[str, Any] = {
    "Version": "2020-12-01",
    "Metadata": {},
    "Parameters": [
        {"Name": "InputDataUri", "Type": "String", "DefaultValue": f"s3://{BUCKET}/table/"},
        {"Name": "DataVersion", "Type": "String", "DefaultValue": "unversioned"},
        {"Name": "ChampionUri", "Type": "String", "DefaultValue": f"s3://{BUCKET}/none"},
        {"Name": "MetricBound", "Type": "Float", "DefaultValue": 60.0},
        {"Name": "GitSha", "Type": "String", "DefaultValue": "uncommitted"},
    ],
    "Steps": [
        {
            "Name": "Prepare",
            "Type": "Processing",
            "Arguments": {"ProcessingOutputConfig": {"Outputs": [], "KmsKeyId": "key-1"}},
        }
    ],
}
PARAMETERS = read_definition(DEFINITION)


@pytest.fixture
def settings() -> Settings:
    return Settings.model_validate(FACTS)


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    """Kept for all tests: it holds the service models, which take half a second to read."""
    return boto3.Session(
        region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
    )


@pytest.fixture
def cloud(
    settings: Settings, session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cloud]:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", ACCOUNT)
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        connected = connect(settings, session=session)
        connected.s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        yield connected


@pytest.fixture
def compiled(tmp_path: Path) -> CompiledPipeline:
    """Two bundles, staged as `compile_pipeline` does."""
    assets = tmp_path / "assets"
    for name, digest in (("prepare", "a" * 16), ("train", "b" * 16)):
        folder = assets / BUCKET / "domain/project/assets" / name / digest
        (folder / "source").mkdir(parents=True)
        (folder / "entry.py").write_text("main()\n")
        (folder / "source/__init__.py").write_text("")
    return CompiledPipeline(DEFINITION, tmp_path / "definition.json", assets)


def register(cloud: Cloud, settings: Settings, status: str, model: str | dict[str, str]) -> str:
    """A version whose model is an archive at an address, or a folder by its S3 data source."""
    group = settings.model_package_group
    place: Any = (
        {"ModelDataUrl": model}
        if isinstance(model, str)
        else {"ModelDataSource": {"S3DataSource": model}}
    )
    ensure_group(cloud, settings)
    return cloud.sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus=status,  # type: ignore[arg-type]
        InferenceSpecification={
            "Containers": [{"Image": "image", **place}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]


def test_a_deployment_brings_everything_once(
    cloud: Cloud, settings: Settings, compiled: CompiledPipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    bring(cloud, settings, compiled)
    said = capsys.readouterr().out
    assert "uploaded 4 files, 0 were there" in said
    assert "pipeline githubactions-prj1 created" in said
    described = cloud.sagemaker.describe_pipeline(PipelineName="githubactions-prj1")
    assert json.loads(described["PipelineDefinition"]) == DEFINITION
    assert described["RoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/pipeline"

    bring(cloud, settings, compiled)
    said = capsys.readouterr().out
    assert "uploaded 0 files, 4 were there" in said
    assert "pipeline githubactions-prj1 unchanged" in said


def test_pipeline_and_group_carry_the_project_s_tags(
    cloud: Cloud, settings: Settings, compiled: CompiledPipeline
) -> None:
    bring(cloud, settings, compiled)
    group = cloud.sagemaker.describe_model_package_group(
        ModelPackageGroupName=settings.model_package_group
    )
    pipeline = cloud.sagemaker.describe_pipeline(PipelineName=settings.pipeline_name)
    for arn in (group["ModelPackageGroupArn"], pipeline["PipelineArn"]):
        tags = cloud.sagemaker.list_tags(ResourceArn=arn)["Tags"]
        assert {tag["Key"]: tag["Value"] for tag in tags} == settings.resource_tags


def test_a_group_made_by_somebody_else_is_tagged(cloud: Cloud, settings: Settings) -> None:
    arn = cloud.sagemaker.create_model_package_group(
        ModelPackageGroupName=settings.model_package_group
    )["ModelPackageGroupArn"]
    ensure_group(cloud, settings)
    tags = cloud.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    assert {"Key": "sagemaker:project-id", "Value": "prj1"} in tags


def test_an_interrupted_upload_is_completed(cloud: Cloud, compiled: CompiledPipeline) -> None:
    assets = staged_assets(compiled.assets)
    upload_assets(cloud, assets[:3])
    assert missing_assets(cloud, assets) == assets[3:]
    assert upload_assets(cloud, assets) == 1
    assert missing_assets(cloud, assets) == []


def test_uploads_are_encrypted_with_the_pipeline_s_key(
    settings: Settings, session: boto3.Session, compiled: CompiledPipeline, cloud: Cloud
) -> None:
    assert kms_key(compiled.definition) == "key-1"
    assert kms_key({"Steps": [{"Arguments": {"ProcessingOutputConfig": {}}}]}) is None
    with_key = connect(settings, "key-1", session)
    assets = staged_assets(compiled.assets)
    upload_assets(with_key, assets)
    head = cloud.s3.head_object(Bucket=BUCKET, Key=assets[0].key)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "key-1")


def test_a_changed_definition_updates_the_pipeline(cloud: Cloud, settings: Settings) -> None:
    assert ensure_pipeline(cloud, settings, DEFINITION) == "created"
    assert ensure_pipeline(cloud, settings, DEFINITION | {"Metadata": {"a": "b"}}) == "updated"
    described = cloud.sagemaker.describe_pipeline(PipelineName=settings.pipeline_name)
    assert json.loads(described["PipelineDefinition"])["Metadata"] == {"a": "b"}


def test_an_execution_starts_with_the_given_values(
    cloud: Cloud, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/name")
    monkeypatch.setenv("GITHUB_RUN_ID", "7")
    ensure_pipeline(cloud, settings, DEFINITION)
    arn = start_execution(cloud, settings, {"MetricBound": 55.5, "GitSha": "abc"})
    execution = cloud.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert (
        execution["PipelineExecutionDescription"] == "https://github.com/owner/name/actions/runs/7"
    )
    parameters = cloud.sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
    assert {item["Name"]: item["Value"] for item in parameters["PipelineParameters"]} == {
        "GitSha": "abc",
        "MetricBound": "55.5",
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("MetricBond=1", "no parameter 'MetricBond'"),
        ("MetricBound=low", "is of type Float, 'low' is not"),
        ("MetricBound", "write NAME=VALUE"),
    ],
)
def test_parameters_are_checked_before_any_call(given: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        local_values(PARAMETERS, [given])


def test_the_commit_comes_from_ci_or_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SHA", "f" * 40)
    assert local_values(PARAMETERS, [])["GitSha"] == "f" * 40
    assert local_values(PARAMETERS, ["GitSha=mine"])["GitSha"] == "mine"
    monkeypatch.delenv("GITHUB_SHA")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert current_commit() is None
    assert "GitSha" not in local_values(PARAMETERS, [])
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q"], [*identity, "commit", "-q", "--allow-empty", "-m", "one"]):
        subprocess.run(["git", *command], check=True)
    commit = current_commit() or ""
    assert len(commit) == 40
    (tmp_path / "new.txt").write_text("x")
    assert current_commit() == f"{commit}-modified"
    (tmp_path / "inside").mkdir()
    monkeypatch.chdir(tmp_path / "inside")
    assert current_commit() == commit


def test_the_data_s_version_follows_its_content(cloud: Cloud) -> None:
    uri = f"s3://{BUCKET}/table/"
    cloud.s3.put_object(Bucket=BUCKET, Key="table/a.csv", Body=b"1")
    first = data_version(cloud, uri, print)
    assert data_version(cloud, uri, print) == first
    cloud.s3.put_object(Bucket=BUCKET, Key="table/a.csv", Body=b"2")
    second = data_version(cloud, uri, print)
    cloud.s3.put_object(Bucket=BUCKET, Key="table/b.csv", Body=b"3")
    assert len({first, second, data_version(cloud, uri, print)}) == 3


def test_a_query_s_result_is_new_each_time(cloud: Cloud) -> None:
    assert data_version(cloud, None, print).endswith("Z")


def test_an_address_with_nothing_at_it_is_refused(cloud: Cloud) -> None:
    with pytest.raises(CloudError, match=rf"there is nothing at s3://{BUCKET}/table/"):
        data_version(cloud, f"s3://{BUCKET}/table/", print)


def test_the_version_is_asked_for_only_when_it_is_not_known(
    cloud: Cloud, settings: Settings
) -> None:
    cloud.s3.put_object(Bucket=BUCKET, Key="table/a.csv", Body=b"1")
    found = cloud_values(PARAMETERS, {}, cloud, settings, print)
    assert set(found) == {"DataVersion"}
    assert cloud_values(PARAMETERS, {"DataVersion": "mine"}, cloud, settings, print) == {}
    hashed = json.loads(json.dumps(DEFINITION))
    hashed["Parameters"][1]["DefaultValue"] = "0" * 16
    known = read_definition(hashed)
    assert cloud_values(known, {}, cloud, settings, print) == {}
    other = {"InputDataUri": f"s3://{BUCKET}/table/a.csv"}
    assert set(cloud_values(known, other, cloud, settings, print)) == {"DataVersion"}


def test_preferences_have_a_version_of_their_own(cloud: Cloud, settings: Settings) -> None:
    for key in ("table/a.jsonl", "pairs/a.jsonl"):
        cloud.s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
    document = json.loads(json.dumps(DEFINITION))
    document["Parameters"] += [
        {"Name": "PreferencesUri", "Type": "String", "DefaultValue": f"s3://{BUCKET}/pairs/"},
        {"Name": "PreferencesVersion", "Type": "String", "DefaultValue": "unversioned"},
    ]
    found = cloud_values(read_definition(document), {}, cloud, settings, print)
    assert set(found) == {"DataVersion", "PreferencesVersion"}
    assert found["DataVersion"] != found["PreferencesVersion"]
    gone = {"PreferencesUri": f"s3://{BUCKET}/absent/"}
    with pytest.raises(CloudError, match="--param PreferencesUri="):
        cloud_values(read_definition(document), gone, cloud, settings, print)


def test_the_approved_model_is_put_where_it_is_compared_with(
    cloud: Cloud, settings: Settings
) -> None:
    cloud.s3.put_object(Bucket=BUCKET, Key="table/a.csv", Body=b"1")
    model = f"s3://{BUCKET}/runs/1/model.tar.gz"
    cloud.s3.put_object(Bucket=BUCKET, Key="runs/1/model.tar.gz", Body=b"model")
    register(cloud, settings, "PendingManualApproval", model)
    assert "ChampionUri" not in cloud_values(PARAMETERS, {}, cloud, settings, print)
    arn = register(cloud, settings, "Approved", model)
    uri = cloud_values(PARAMETERS, {}, cloud, settings, print)["ChampionUri"]
    assert uri == f"s3://{BUCKET}/domain/project/champion/aiops-prj1-models-2"
    folder = uri.removeprefix(f"s3://{BUCKET}/")
    read = {
        name: cloud.s3.get_object(Bucket=BUCKET, Key=f"{folder}/{name}")["Body"].read()
        for name in ("champion.json", "model.tar.gz")
    }
    assert json.loads(read["champion.json"]) == {"model_package_arn": arn}
    assert read["model.tar.gz"] == b"model"
    assert cloud_values(PARAMETERS, {}, cloud, settings, print)["ChampionUri"] == uri


def test_an_approved_folder_is_copied_object_by_object(cloud: Cloud, settings: Settings) -> None:
    cloud.s3.put_object(Bucket=BUCKET, Key="table/a.csv", Body=b"1")
    for name in ("metadata.json", "adapter/weights"):
        cloud.s3.put_object(Bucket=BUCKET, Key=f"runs/1/model/{name}", Body=name.encode())
    # Another model whose address begins alike.
    cloud.s3.put_object(Bucket=BUCKET, Key="runs/1/model2/other", Body=b"")
    source = {
        "S3Uri": f"s3://{BUCKET}/runs/1/model/",
        "S3DataType": "S3Prefix",
        "CompressionType": "None",
    }
    register(cloud, settings, "Approved", source)
    uri = cloud_values(PARAMETERS, {}, cloud, settings, print)["ChampionUri"]
    folder = uri.removeprefix(f"s3://{BUCKET}/")
    listed = cloud.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{folder}/")["Contents"]
    assert {item["Key"].removeprefix(f"{folder}/") for item in listed} == {
        "champion.json",
        "model/metadata.json",
        "model/adapter/weights",
    }


def test_an_approved_model_whose_file_is_gone_is_named(cloud: Cloud, settings: Settings) -> None:
    register(cloud, settings, "Approved", f"s3://{BUCKET}/gone.tar.gz")
    with pytest.raises(CloudError, match=r"gone\.tar\.gz.*registry reject 1.*ChampionUri"):
        cloud_values(PARAMETERS, {}, cloud, settings, print)


def test_credentials_of_another_account_are_refused(cloud: Cloud, session: boto3.Session) -> None:
    other = Settings.model_validate(
        FACTS | {"aws": {"region": REGION, "account_id": "999999999999"}}
    )
    with pytest.raises(CloudError, match=f"belong to account {ACCOUNT}.*999999999999"):
        connect(other, session=session)


def test_without_credentials_the_person_is_told_to_log_in(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "absent"))
    boto3.DEFAULT_SESSION = None
    with pytest.raises(CloudError, match="aws sso login") as caught:
        connect(settings)
    assert caught.value.exit_code == 2
