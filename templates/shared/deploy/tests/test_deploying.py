"""Deploying and going back: the real commands against a stand-in for AWS and for the CDK."""

import json
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from aws_stand_in import AwsStandIn
from cloud_repository import ENDPOINT, GROUP, STACK, deployed, make_repository

from operations.__main__ import main
from operations.deployment_record import DeploymentRecord
from operations.failures import OperationFailed
from operations.package_folder import package_folder, synthesize_version
from operations.stack_state import DeployedStack, describe_component

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def repository(
    tmp_path: Path, aws: AwsStandIn, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> Path:
    """A repository with facts, as the current directory, connected to the stand-ins."""
    made = make_repository(pytestconfig.rootpath, tmp_path)
    environment = aws.environment | {
        "CDK_CLI": str(made / "cdk"),
        "CDK_LOG": str(made / "cdk.log"),
        "CDK_MODE": "succeed",
        "CDK_VALIDATION": "false",  # the templates have tests of their own
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def run(repository: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command; returns its exit code and what it and its tools wrote."""

    def command(name: str, *, stage: str = "dev", version: int | str | None = None) -> tuple:
        arguments = [name, f"--stage={stage}"]
        if version is not None:
            arn = f"{GROUP}/{version}" if isinstance(version, int) else version
            arguments.append(f"--model-package-arn={arn}")
        capfd.readouterr()
        code = main(arguments)
        return code, *capfd.readouterr()

    return command


def test_the_current_package_is_the_one_of_the_last_deployment(run: Run, aws: AwsStandIn) -> None:
    assert run("current") == (0, "", ""), "nothing is deployed yet"
    aws.stacks[STACK] = deployed(3)
    assert run("current") == (0, f"{GROUP}/3\n", "")


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS", "CREATE_FAILED"])
def test_a_stack_that_never_came_up_has_no_package(run: Run, aws: AwsStandIn, status: str) -> None:
    aws.stacks[STACK] = deployed(3) | {"status": status}
    assert run("current") == (0, "", "")


def test_a_deployment_serves_the_package_and_remembers_the_one_before(
    run: Run, aws: AwsStandIn, repository: Path
) -> None:
    aws.stacks[STACK] = deployed(3)
    aws.endpoints[ENDPOINT] = {"status": "InService", "config": "configuration-before"}
    aws.red_alarms = [f"{ENDPOINT}-memory-percent", "another-endpoint-memory-percent"]
    code, out, err = run("deploy", version=4)
    assert code == 0, err
    assert f"{ENDPOINT} serves {GROUP}/4" in out
    assert f"red already and may undo the deployment: {ENDPOINT}-memory-percent" in err
    arguments = json.loads((repository / "cdk.log").read_text())
    assert arguments[:5] == ["deploy", "--app", "cdk.out/dev", "--require-approval", "never"]
    assert aws.stacks[STACK]["outputs"]["ModelPackageArn"] == f"{GROUP}/4"

    code, out, err = run("rollback")
    assert code == 0, err
    assert f"going back to {GROUP}/3" in out
    assert "red already" not in err, "going back ignores alarms"
    assert aws.stacks[STACK]["outputs"]["ModelPackageArn"] == f"{GROUP}/3"
    template = (repository / "cdk.out/dev/Endpoint.template.json").read_text()
    assert "AutoRollbackConfiguration" not in template


def test_the_same_package_again_leaves_the_way_back_as_it_was(repository: Path) -> None:
    for before, after in ((None, 3), (3, 4), (4, 4)):
        stack = before and DeployedStack(STACK, "UPDATE_COMPLETE", deployed(before)["outputs"])
        record = DeploymentRecord.begin(
            "dev", stack=stack or None, model_package_arn=f"{GROUP}/{after}"
        )
    assert record.previous_model_package_arn == f"{GROUP}/3"
    assert DeploymentRecord.previous("dev") == f"{GROUP}/3"
    assert DeploymentRecord.previous("test") is None


def test_a_deployment_that_sagemaker_took_back_is_a_failure(
    run: Run, aws: AwsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDK_MODE", "taken back")
    aws.red_alarms = [f"{ENDPOINT}-server-error-percent"]
    code, out, err = run("deploy", version=4)
    assert code == 1
    assert "serves" not in out
    assert "InService with configuration configuration-before" in err
    assert f"Red alarms: {ENDPOINT}-server-error-percent" in err


def test_a_deployment_that_cloudformation_undid_is_a_failure(
    run: Run, aws: AwsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDK_MODE", "fail")
    aws.stacks[STACK] = deployed(3)
    aws.endpoints[ENDPOINT] = {"status": "InService", "config": "configuration-before"}
    code, out, err = run("deploy", version=4)
    assert code == 1
    assert "UPDATE_ROLLBACK_COMPLETE" in out
    assert f"stack {STACK} was not deployed" in err
    assert "configuration-before" in err


def test_nothing_starts_while_the_stack_is_busy(
    run: Run, aws: AwsStandIn, repository: Path
) -> None:
    aws.stacks[STACK] = deployed(3) | {"status": "UPDATE_IN_PROGRESS"}
    code, _, err = run("deploy", version=4)
    assert code == 1
    assert "is busy (UPDATE_IN_PROGRESS)" in err
    assert not (repository / "cdk.log").exists()


def test_credentials_of_another_account_are_refused(run: Run, aws: AwsStandIn) -> None:
    aws.account = "999900001111"
    code, _, err = run("current")
    assert code == 2
    assert "credentials belong to account 999900001111" in err
    assert "DescribeStacks" not in aws.calls


def test_without_credentials_nothing_is_asked(
    run: Run, aws: AwsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    code, _, err = run("current")
    assert code == 2
    assert "no valid AWS credentials for stage 'dev'" in err
    assert aws.calls == []


@pytest.mark.parametrize("command", ["deploy", "diff", "current", "rollback", "smoke"])
def test_a_stage_without_facts_is_refused_by_name(run: Run, aws: AwsStandIn, command: str) -> None:
    code, _, err = run(command, stage="prod", version=4)
    assert code == 2
    assert "stages.prod.account_id: the 12-digit id" in err
    assert aws.calls == []


def test_a_package_of_a_local_registry_is_refused(
    run: Run, aws: AwsStandIn, repository: Path
) -> None:
    local = GROUP.replace("111122223333", "000000000000") + "/1"
    code, _, err = run("deploy", version=local)
    assert code == 2
    assert "a version of a local registry" in err
    assert not (repository / "cdk.log").exists()


def test_a_package_of_an_unknown_account_is_refused_before_anything_changes(
    run: Run, aws: AwsStandIn, repository: Path
) -> None:
    code, _, err = run("deploy", version=GROUP.replace("111122223333", "222233334444") + "/1")
    assert code == 2
    assert "takes packages from 111122223333 only" in err
    assert not (repository / "cdk.log").exists()


def test_there_is_no_way_back_before_the_first_replacement(run: Run) -> None:
    code, _, err = run("rollback")
    assert code == 2
    assert "no previous model version of stage 'dev'" in err


def test_the_files_of_a_version_lie_in_the_folder_that_its_package_names(
    aws: AwsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    session = boto3.Session(region_name="eu-west-1")
    arn = f"{GROUP}/4"
    source = {"S3Uri": "s3://shared/domain/c1d2e3/runs/7/model/", "S3DataType": "S3Prefix"}
    container = {
        "Image": "vllm",
        "ModelDataSource": {"S3DataSource": source | {"CompressionType": "None"}},
    }
    aws.packages[arn] = {}
    aws.specifications[arn] = {"InferenceSpecification": {"Containers": [container]}}
    assert package_folder(session, arn) == "s3://shared/domain/c1d2e3/runs/7/model"
    aws.specifications[arn] = {"InferenceSpecification": {"Containers": [{"Image": "vllm"}]}}
    with pytest.raises(OperationFailed, match="names no artifact as a folder"):
        package_folder(session, arn)


# Stands for app.py of a stack that names its package's folder, or of one that does not.
_APP = """import json, pathlib, sys
given = dict(each.removeprefix("--").split("=", 1) for each in sys.argv[1:])
folder = given.get("artifact-uri")
directory = pathlib.Path("cdk.out/dev")
directory.mkdir(parents=True, exist_ok=True)
template = {{"Resources": {{"Topic": {{"Type": "AWS::SNS::Topic"}}}}}}
(directory / "Endpoint.template.json").write_text(json.dumps(template))
missing = {{"artifact_uri": "s3://local"}} if {names_it} and not folder else {{}}
summary = {{
    "stage": "dev", "stack": "stack", "template": str(directory / "Endpoint.template.json"),
    "resources": 1, "resource_types": {{}}, "model_package_arn": given["model-package-arn"],
    "outputs": {{"Folder": folder or "none"}}, "placeholders": missing,
}}
(directory / "summary.json").write_text(json.dumps(summary))
"""


@pytest.mark.parametrize("names_it", [True, False])
def test_a_stack_that_names_the_folder_of_a_version_gets_it(
    aws: AwsStandIn, repository: Path, names_it: bool
) -> None:
    (repository / "app.py").unlink()
    (repository / "app.py").write_text(_APP.format(names_it=names_it))
    arn = f"{GROUP}/4"
    source = {"S3Uri": "s3://shared/domain/c1d2e3/runs/7/package/", "S3DataType": "S3Prefix"}
    source["CompressionType"] = "None"
    container = {"Image": "any", "ModelDataSource": {"S3DataSource": source}}
    aws.packages[arn] = {}
    aws.specifications[arn] = {"InferenceSpecification": {"Containers": [container]}}
    summary = synthesize_version(boto3.Session(region_name="eu-west-1"), "dev", arn)
    expected = "s3://shared/domain/c1d2e3/runs/7/package" if names_it else "none"
    assert summary.outputs == {"Folder": expected} and not summary.placeholders


@pytest.mark.parametrize("serves", ["model-2", "s3://shared/adapter.tar.gz"])
def test_a_component_says_what_it_serves(
    aws: AwsStandIn, monkeypatch: pytest.MonkeyPatch, serves: str
) -> None:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    session = boto3.Session(region_name="eu-west-1")
    aws.components["copies"] = {"status": "InService", "serves": serves}
    assert describe_component(session, "copies").serves == serves
    with pytest.raises(OperationFailed, match="inference component others cannot be read"):
        describe_component(session, "others")
