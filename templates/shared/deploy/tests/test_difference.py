"""The difference to a deployed template, by the real CDK command line, without a network."""

import json
from pathlib import Path

import pytest
from cloud_repository import make_repository

from components.settings import PLACEHOLDER_ACCOUNT
from operations.__main__ import main
from operations.diff import as_diff

GROUP = f"arn:aws:sagemaker:eu-west-1:{PLACEHOLDER_ACCOUNT}:model-package/example"


def test_the_difference_names_what_changes_and_what_goes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    pytestconfig: pytest.Config,
) -> None:
    root = make_repository(pytestconfig.rootpath, tmp_path)
    (root / "cicd-config.json").unlink()
    (root / "cicd-config.json").symlink_to(pytestconfig.rootpath / "cicd-config.json")
    monkeypatch.chdir(root)
    monkeypatch.setenv("CDK_VALIDATION", "false")
    deployed = tmp_path / "deployed.json"
    before = {
        "Resources": {"Gone": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"ModelPackageArn": {"Value": f"{GROUP}/1"}},
    }
    deployed.write_text(json.dumps(before))
    arguments = ["diff", "--stage=dev", f"--model-package-arn={GROUP}/2", f"--against={deployed}"]
    assert main(arguments) == 0
    lines = capfd.readouterr().out.splitlines()
    assert {line[0] for line in lines if line} <= set(" +-!"), "nothing but the difference"
    assert "- [-] AWS::SNS::Topic Gone destroy" in lines
    (endpoint,) = (line for line in lines if "AWS::SageMaker::Endpoint " in line)
    assert endpoint.startswith("+ [+]")
    (package,) = (line for line in lines if "Output ModelPackageArn" in line)
    assert package.startswith("! [~]") and f"{GROUP}/1" in package and f"{GROUP}/2" in package


def test_a_template_that_would_be_overwritten_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    pytestconfig: pytest.Config,
) -> None:
    monkeypatch.chdir(make_repository(pytestconfig.rootpath, tmp_path))
    against = "--against=cdk.out/dev/Endpoint.template.json"
    assert main(["diff", "--stage=dev", f"--model-package-arn={GROUP}/2", against]) != 0
    assert "copy it elsewhere first" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("line", "sign"),
    [
        ("[+] AWS::S3::Bucket Bucket", "+"),
        (" │   ├─ [-] old", "-"),
        (" └─ [~] EndpointConfigName", "!"),
        ("│ + │ ${Key.Arn} │ Allow │", "+"),
        ("│   │ kms:Encrypt │", " "),
        ('        [ ]     "VariantName": "main"', " "),
        ("Resources", " "),
    ],
)
def test_each_line_starts_with_its_sign(line: str, sign: str) -> None:
    assert as_diff(f"Stack x\n{line}").splitlines()[1][0] == sign


def test_the_count_of_stacks_is_left_out() -> None:
    text = "\nStack x\nThere were no differences\n\n\n✨  Number of stacks with differences: 0\n"
    assert as_diff(text) == "  Stack x\n  There were no differences"
