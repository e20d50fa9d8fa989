"""The deploy repository of a rendered project, used as an ML engineer uses it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import Render, template_names
from offline import Make, make_in

pytestmark = pytest.mark.xdist_group("deploy")
PACKAGE = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/aiops-flats-models/"
SERVING = {
    "AWS::SageMaker::Endpoint",
    "AWS::SageMaker::EndpointConfig",
    "AWS::SageMaker::Model",
    "AWS::CloudWatch::Alarm",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::Dashboard",
}
# What every stage of a template's endpoint must have.
RESOURCES = {
    "regression": SERVING,
    "llm_finetune": SERVING | {"AWS::SageMaker::InferenceComponent"},
    "rag": SERVING | {"AWS::Logs::MetricFilter"},
}


@pytest.fixture(scope="module", params=template_names())
def template(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def deploy(template: str, render: Render, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the deploy repository with the default answers."""
    folder = tmp_path_factory.mktemp("deploy") / "deploy"
    return Path(shutil.copytree(render(template) / "deploy", folder))


@pytest.fixture(scope="module")
def make(deploy: Path, deploy_environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Run a target in the copy."""
    home = tmp_path_factory.mktemp("home")
    return make_in(deploy, environment=deploy_environment, home=home)


def templates(deploy: Path) -> dict[str, dict]:
    return {
        path.parent.name: json.loads(path.read_text())
        for path in sorted((deploy / "cdk.out").glob("*/*.template.json"))
    }


# The shared parts, whose files are the same in every deploy repository, are tested in regression's.
ALL_TESTS, OWN_TESTS = "", "--ignore=tests/components"


def test_lint_and_tests(template: str, make: Make) -> None:
    done = make("lint", "test", args=ALL_TESTS if template == "regression" else OWN_TESTS)
    assert done.returncode == 0, done.stdout[-6000:]


def test_every_stage_synthesizes_offline(template: str, deploy: Path, make: Make) -> None:
    done = make("synth")
    assert done.returncode == 0, done.stdout[-6000:]
    stages = templates(deploy)
    assert set(stages) == {"dev", "test", "prod"}
    for stage, synthesized in stages.items():
        types = {resource["Type"] for resource in synthesized["Resources"].values()}
        assert RESOURCES[template] <= types, stage


def test_another_package_changes_the_model_and_updates_the_endpoint(
    template: str, deploy: Path, make: Make
) -> None:
    found = []
    # Each template's own tests write the same bytes twice: going back is tried with one here.
    for version in (1, 2, 1) if template == "regression" else (1, 2):
        done = make("synth", "STAGE=dev", f"MODEL_PACKAGE_ARN={PACKAGE}{version}")
        assert done.returncode == 0, done.stdout[-6000:]
        found.append(templates(deploy)["dev"])
    first, second, *again = found
    assert again in ([], [first]), "a rollback is a redeploy of the older package"
    assert first != second
    endpoints = [
        {
            name: resource["Properties"]["EndpointName"]
            for name, resource in synthesized["Resources"].items()
            if resource["Type"] == "AWS::SageMaker::Endpoint"
        }
        for synthesized in (first, second)
    ]
    assert endpoints[0] == endpoints[1], "the endpoint is updated, not replaced"


# What the commands themselves say is the same in every deploy repository.
of_the_commands = pytest.mark.parametrize("template", ["regression"], indirect=True, scope="module")


@of_the_commands
@pytest.mark.parametrize(
    "arn",
    ["latest", "arn:aws:s3:::bucket/key", PACKAGE, PACKAGE + "1;touch pwned", "$(touch pwned)"],
)
def test_what_is_no_model_package_is_refused(deploy: Path, make: Make, arn: str) -> None:
    done = make("synth", "STAGE=dev", f"MODEL_PACKAGE_ARN={arn}".replace("$", "$$"))
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    assert not list(deploy.rglob("pwned"))


@of_the_commands
def test_deploying_names_the_facts_it_lacks(make: Make) -> None:
    done = make("deploy", "STAGE=dev", f"MODEL_PACKAGE_ARN={PACKAGE}1")
    assert done.returncode != 0
    assert "account_id" in done.stdout
    assert "Traceback" not in done.stdout
