"""What holds for the stack of every stage and every use case."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from template_reading import Template, only

from app import APPLICATION
from components.application import Application, main
from components.settings import STAGES, load_settings

pytestmark = pytest.mark.xdist_group("stack")
SETTINGS = load_settings()
REGION = SETTINGS.region("dev")
GROUP = f"arn:aws:sagemaker:{REGION}:{SETTINGS.account('dev')}:model-package/example"


def read(workspace: Path, stages: tuple[str, ...] = STAGES) -> dict[str, str]:
    files = {each: workspace / "cdk.out" / each / "Endpoint.template.json" for each in stages}
    return {stage: file.read_text() for stage, file in files.items()}


def test_another_process_writes_the_same_bytes(workspace: Path, texts: dict[str, str]) -> None:
    command = [sys.executable, "app.py", f"--model-package-arn={GROUP}/1"]
    environment = os.environ | {"PYTHONHASHSEED": "1", "CDK_VALIDATION": "false"}
    subprocess.run(command, cwd=workspace, env=environment, check=True)
    assert read(workspace) == texts


@pytest.mark.parametrize("stage", STAGES)
def test_the_log_group_exists_before_the_endpoint(
    templates: dict[str, Template], stage: str
) -> None:
    resources = templates[stage]["Resources"]
    (group,) = (name for name in resources if resources[name]["Type"] == "AWS::Logs::LogGroup")
    assert group in only(templates[stage], "AWS::SageMaker::Endpoint")["DependsOn"]


@pytest.mark.parametrize("stage", STAGES)
def test_outputs_say_what_should_run(templates: dict[str, Template], stage: str) -> None:
    outputs = {name: each["Value"] for name, each in templates[stage]["Outputs"].items()}
    endpoint = only(templates[stage], "AWS::SageMaker::Endpoint")["Properties"]
    assert outputs["EndpointName"] == endpoint["EndpointName"] == SETTINGS.endpoint_name(stage)
    assert outputs["EndpointConfigName"] == endpoint["EndpointConfigName"]
    assert outputs["ModelPackageArn"] == f"{GROUP}/1"
    assert set(outputs) >= {"DashboardUrl", "DataCaptureUri", "ModelName", "RollbackAlarms"}


@pytest.mark.parametrize("stage", STAGES)
def test_names_fit(templates: dict[str, Template], stage: str) -> None:
    names = {
        value
        for resource in templates[stage]["Resources"].values()
        for key, value in resource["Properties"].items()
        if resource["Type"].startswith("AWS::SageMaker::") and key.endswith("Name")
        if isinstance(value, str)
    }
    assert len(names) >= 3
    assert all(len(name) <= 63 for name in names)


@pytest.mark.parametrize("stage", STAGES)
def test_everything_that_can_be_tagged_is(templates: dict[str, Template], stage: str) -> None:
    expected = SETTINGS.resource_tags(stage)
    for resource in templates[stage]["Resources"].values():
        if "Tags" in resource["Properties"]:
            tags = {each["Key"]: each["Value"] for each in resource["Properties"]["Tags"]}
            assert tags == expected, resource["Type"]
    assert "Tags" in only(templates[stage], "AWS::SageMaker::Endpoint")["Properties"]


def test_a_finding_of_the_rules_fails_and_leaves_no_template(
    workspace: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from aws_cdk import App, Stack
    from aws_cdk import aws_s3 as s3

    class Careless(Stack):
        def __init__(self, scope: App, *, deployment: object) -> None:
            super().__init__(scope, "Endpoint")
            s3.Bucket(self, "Bucket")

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(workspace)
        assert main(Application(Careless, APPLICATION.schema), ["--stage=test"]) == 1
    assert "AwsSolutions-S1" in capfd.readouterr().err
    assert not (workspace / "cdk.out/test").exists()
    assert not (workspace / "cdk.out/.test").exists()


def test_placeholders_are_announced(workspace: Path, capfd: pytest.CaptureFixture[str]) -> None:
    expected = dict(SETTINGS.placeholders("dev"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(workspace)
        assert main(APPLICATION, ["--stage=dev"]) == 0
    summary = json.loads((workspace / "cdk.out/dev/summary.json").read_text())
    written = capfd.readouterr().err
    assert set(summary["placeholders"]) == {*expected, "model_package_arn"}
    for key, value in summary["placeholders"].items():
        assert key in written and value in written


def test_the_summary_counts_the_resources(workspace: Path, templates: dict[str, Template]) -> None:
    summary = json.loads((workspace / "cdk.out/prod/summary.json").read_text())
    assert summary["resources"] == len(templates["prod"]["Resources"])
    assert summary["outputs"]["EndpointName"] == SETTINGS.endpoint_name("prod")
    assert (workspace / summary["template"]).is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model-package-arn=latest"], "model_package_arn is 'latest'"),
        ([f"--model-package-arn={GROUP.replace(REGION, 'xx-west-9')}/1"], "Region 'xx-west-9'"),
    ],
)
def test_a_package_that_cannot_serve_changes_nothing(
    workspace: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    before = read(workspace, ("dev",))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(workspace)
        assert main(APPLICATION, arguments) == 2
    assert message in capfd.readouterr().err
    assert read(workspace, ("dev",)) == before
