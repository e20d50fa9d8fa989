"""`make store` and the store's part of `make synth`, against stand-ins for AWS and the CDK."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from aws_stand_in import ACCOUNT, REGION, AwsStandIn
from cloud_repository import make_repository
from store_example import store_values

from stacks.vector_store.__main__ import main

ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"
STACK = "aiops-c1d2e3-vectors"
# Stands for the CDK: notes what it is asked, and hands out what a deployed stack would.
CDK = """import json, os, pathlib, sys
arguments = sys.argv[1:]
with open("cdk.log", "a") as log:
    log.write(json.dumps(arguments) + "\\n")
if arguments[0] == "deploy":
    if os.environ["CDK_MODE"] == "fail":
        print("CREATE_FAILED: the bucket exists")
        sys.exit(1)
    assembly = pathlib.Path(arguments[arguments.index("--app") + 1])
    template = json.loads((assembly / "VectorStore.template.json").read_text())
    outputs = {name: each["Value"] for name, each in template["Outputs"].items()}
    stack = {"aiops-c1d2e3-vectors": outputs}
    pathlib.Path(arguments[arguments.index("--outputs-file") + 1]).write_text(json.dumps(stack))
"""


@pytest.fixture
def repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> Path:
    """A repository of a project in the cloud, as the current directory, with a vector bucket."""
    made = make_repository(pytestconfig.rootpath, tmp_path)
    (made / "cdk.py").write_text(CDK)
    (made / "config").unlink()
    (made / "config").mkdir()
    monkeypatch.setenv("CDK_CLI", str(made / "cdk"))
    monkeypatch.setenv("CDK_MODE", "succeed")
    monkeypatch.chdir(made)
    choose(made, "s3vectors")
    fill_in(made, ROLE)
    return made


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Any:
    with AwsStandIn() as stand_in:
        for name, value in stand_in.environment.items():
            monkeypatch.setenv(name, value)
        yield stand_in


def choose(repository: Path, kind: str | None) -> None:
    text = yaml.safe_dump(store_values(kind))
    (repository / "config" / "vector_store.yaml").write_text(text)


def fill_in(repository: Path, role: str | None) -> None:
    file = repository / "cicd-config.json"
    facts = json.loads(file.read_text())
    facts["sagemaker"]["pipeline_role_arn"] = role
    file.write_text(json.dumps(facts))


def asked(repository: Path) -> list[list[str]]:
    """What the CDK was asked, command by command."""
    log = repository / "cdk.log"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def test_a_store_is_compared_then_deployed(
    repository: Path, account: AwsStandIn, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["deploy"]) == 0
    commands = asked(repository)
    assert [command[0] for command in commands] == ["diff", "deploy"]
    assert all(command[2] == "cdk.out/vector-store" for command in commands)
    printed = capfd.readouterr().out
    section = yaml.safe_load(printed[printed.index("index:") :])["index"]
    assert section == {
        "store": "s3vectors",
        "name": "passages",
        "region": REGION,
        "bucket": "aiops-c1d2e3",
    }


def test_what_cloudformation_refuses_is_a_failure(
    repository: Path,
    account: AwsStandIn,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CDK_MODE", "fail")
    assert main(["deploy"]) == 1
    said = capfd.readouterr()
    assert f"stack {STACK} was not deployed" in said.err
    assert "index:" not in said.out


def test_another_accounts_credentials_deploy_nothing(
    repository: Path, account: AwsStandIn, capfd: pytest.CaptureFixture[str]
) -> None:
    account.account = "999999999999"
    assert main(["deploy"]) == 2
    assert "belong to account 999999999999" in capfd.readouterr().err
    assert asked(repository) == []


def test_a_role_that_nobody_knows_deploys_nothing(
    repository: Path, account: AwsStandIn, capfd: pytest.CaptureFixture[str]
) -> None:
    fill_in(repository, None)
    assert main(["deploy"]) == 2
    assert "sagemaker.pipeline_role_arn is null in cicd-config.json" in capfd.readouterr().err
    assert asked(repository) == []


def test_no_store_is_nothing_to_deploy(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    choose(repository, None)
    assert main(["deploy"]) == 2
    assert "kind: null" in capfd.readouterr().err


def test_no_store_is_nothing_to_synthesize(
    repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    choose(repository, None)
    assert main(["synth"]) == 0
    assert not (repository / "cdk.out").exists()
    assert capfd.readouterr().out == ""


def test_a_template_without_a_role_says_what_stands_in(
    repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fill_in(repository, None)
    assert main(["synth"]) == 0
    said = capfd.readouterr()
    assert "sagemaker.pipeline_role_arn is null in cicd-config.json; using" in said.err
    assert "vector store (s3vectors): cdk.out/vector-store/VectorStore.template.json" in said.out
    assert "cfn-lint: 1 templates, no findings" in said.out


def test_a_file_that_is_wrong_is_named(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    choose(repository, "opensearch")
    assert main(["synth"]) == 2
    assert "config/vector_store.yaml: " in capfd.readouterr().err
    assert not (repository / "cdk.out").exists()


def test_the_commands_do_not_wait_for_the_cdk_without_a_store(repository: Path) -> None:
    choose(repository, None)
    code = (
        "import sys; from stacks.vector_store.__main__ import main; main(['synth']);"
        " sys.exit('aws_cdk' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, check=False)
    assert done.returncode == 0
