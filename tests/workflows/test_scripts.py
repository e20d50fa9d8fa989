"""The scripts of the workflows by themselves, where running a whole workflow would add nothing."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from conftest import Render

from workflows.act import TOOLS
from workflows.conftest import ACCOUNT, GROUP, NEW, OLD, REGION, fill_in

REFUSED_PARAMETERS = [
    "MetricBound=$(touch pwned)",
    "MetricBound=`touch`",
    "MetricBound=$(shell${IFS}touch${IFS}pwned)",
    "MetricBound=1;touch",
    "MetricBound=1&&touch",
    "MetricBound=1|touch",
    "MetricBound=1>touch",
    'MetricBound="quoted"',
    "MetricBound='1'",
    "MetricBound=1#",
    "MetricBound=1\\",
    "MetricBound=~",
    "MetricBound=*",
    "MetricBound=1 --summary=x",
    "MetricBound=1 --no-follow",
    "MetricBound=1\n::set-env name=PATH::x",
    "MetricBound",
    "MetricBound=",
    "=1",
    "Metric-Bound=1",
    "1Bound=1",
    "MetricBound=\uff11",
    "MetricBound=" + "9" * 2000,
]

REFUSED_ARNS = [
    "$(touch pwned)",
    "`touch pwned`",
    f"{NEW}; touch pwned",
    f"{NEW}\n::set-env name=PATH::x",
    f"{NEW}\nrole=arn:aws:iam::999999999999:role/theirs",
    f'{NEW}"',
    f"{NEW} ARGS=--all",
    f"{NEW}\n",
    f" {NEW}",
    "--help",
    "latest",
    NEW.removesuffix("/7"),
    NEW.replace("/7", "/0"),
    NEW.replace(GROUP, ".."),
    NEW.replace(GROUP, "g" * 64),
    NEW.replace("model-package", "endpoint"),
    NEW.replace(ACCOUNT, "\uff1111122223333"),
    NEW + "7" * 500,
]


def script(
    folder: Path, project: Path, role: str, name: str, **environment: str
) -> tuple[int, str]:
    """Run a script in `folder`, which has a cicd-config.json; its exit code and what it said."""
    done = subprocess.run(
        [TOOLS / "python3", project / role / ".github" / "scripts" / name],
        cwd=folder,
        env={"PATH": os.defpath, "GITHUB_OUTPUT": str(folder / "output"), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.fixture
def checkout(render: Render, tmp_path: Path) -> Path:
    """A folder with the facts of a cloud project."""
    config = json.loads((render() / "build" / "cicd-config.json").read_text())
    (tmp_path / "cicd-config.json").write_text(json.dumps(fill_in(config)))
    return tmp_path


@pytest.mark.parametrize("parameters", REFUSED_PARAMETERS)
def test_parameters_are_plain_names_and_values(
    parameters: str, render: Render, checkout: Path
) -> None:
    code, said = script(checkout, render(), "build", "plan_execution.py", PARAMETERS=parameters)
    assert code == 1
    assert said.startswith("::error title=No pipeline was started::The input parameters has ")
    assert said.count("\n") == 1, "a line of its own could be a command to the runner"
    assert len(said) < 500
    assert not (checkout / "output").exists()


@pytest.mark.parametrize("arn", REFUSED_ARNS)
def test_only_the_arn_of_a_version_is_deployed(arn: str, render: Render, checkout: Path) -> None:
    code, said = script(
        checkout, render(), "deploy", "plan_deployment.py", STAGE="prod", MODEL_PACKAGE_ARN=arn
    )
    assert code == 1
    assert said.startswith("::error title=Nothing was deployed::The input model_package_arn is ")
    assert said.count("\n") == 1, "a line of its own could be a command to the runner"
    assert len(said) < 500
    assert not (checkout / "output").exists()


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"MODEL_PACKAGE_ARN": ""}, "The input model_package_arn is empty"),
        ({"STAGE": ""}, "The input stage is ''"),
        ({"STAGE": "production"}, "use one of dev, test, prod"),
        ({"STAGE": "prod\n"}, "use one of dev, test, prod"),
        ({"MODEL_PACKAGE_GROUP": "another"}, f"'another', but {NEW} says {GROUP}"),
        ({"VERSION": "8"}, f"'8', but {NEW} says 7"),
        ({"VERSION": "$(touch pwned)"}, f"but {NEW} says 7"),
        ({"MODEL_PACKAGE_ARN": NEW.replace(REGION, "us-east-1")}, "is in us-east-1"),
        ({"MODEL_PACKAGE_ARN": NEW.replace(ACCOUNT, "0" * 12)}, "of a local registry"),
    ],
    ids=str,
)
def test_an_input_that_is_absent_or_does_not_fit_is_named(
    inputs: dict[str, str], said: str, render: Render, checkout: Path
) -> None:
    usual = {"STAGE": "prod", "MODEL_PACKAGE_ARN": NEW}
    code, text = script(checkout, render(), "deploy", "plan_deployment.py", **{**usual, **inputs})
    assert code == 1
    assert said in text
    assert not (checkout / "output").exists()


@pytest.mark.parametrize("own", ["us-east-1", None])
def test_a_stage_without_a_region_is_in_the_projects(
    own: str | None, render: Render, checkout: Path
) -> None:
    file = checkout / "cicd-config.json"
    config = json.loads(file.read_text())
    config["stages"]["prod"]["region"] = own
    file.write_text(json.dumps(config))
    region = own or REGION
    arn = NEW.replace(REGION, region)
    code, said = script(
        checkout, render(), "deploy", "plan_deployment.py", STAGE="prod", MODEL_PACKAGE_ARN=arn
    )
    assert code == 0, said
    assert f"region={region}\n" in (checkout / "output").read_text()


@pytest.mark.parametrize("follow", ["maybe", "True", "no; touch pwned"])
def test_follow_is_true_or_false(follow: str, render: Render, checkout: Path) -> None:
    code, said = script(checkout, render(), "build", "plan_execution.py", FOLLOW=follow)
    assert code == 1
    assert f"The input follow is '{follow}': use true or false." in said
    assert not (checkout / "output").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cicd-config.json cannot be read"),
        ("{", "cicd-config.json cannot be read"),
        ("[]", "leaves null: aws.account_id"),
        ('{"aws": "eu-west-1"}', "leaves null: aws.account_id"),
    ],
)
def test_a_broken_configuration_is_named(
    content: str | None, said: str, render: Render, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "cicd-config.json").write_text(content)
    code, output = script(tmp_path, render(), "build", "plan_execution.py")
    assert code == 1
    assert said in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("aws", "account_id", "1111"),
        ("aws", "account_id", 111122223333),
        ("aws", "region", "eu-west-1\nrole=x"),
        ("storage", "bucket", "a\nb"),
        ("sagemaker", "pipeline_role_arn", "admin"),
    ],
)
def test_a_fact_of_the_wrong_form_is_shown(
    section: str, key: str, value: object, render: Render, checkout: Path
) -> None:
    file = checkout / "cicd-config.json"
    config = json.loads(file.read_text())
    config[section][key] = value
    file.write_text(json.dumps(config))
    code, said = script(checkout, render(), "build", "plan_execution.py")
    assert code == 1
    assert f"values of the wrong form: {section}.{key} is {value!r}" in said
    assert not (checkout / "output").exists()


def test_outputs_are_exactly_what_the_jobs_read(render: Render, checkout: Path) -> None:
    code, _ = script(checkout, render(), "build", "plan_execution.py", PARAMETERS="A=1 B=2")
    assert code == 0
    assert (checkout / "output").read_text().splitlines() == [
        "account=111122223333",
        "region=eu-west-1",
        "role=arn:aws:iam::111122223333:role/aiops-build",
        "arguments=--param A=1 --param B=2",
    ]


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ({}, "Nothing was deployed: prod is as it was."),
        ({"DEPLOY": "cancelled"}, "did not succeed"),
        ({"DEPLOY": "success", "SMOKE": "cancelled"}, "untested"),
        ({"DEPLOY": "success", "SMOKE": "failure", "ROLLBACK": "cancelled"}, "Act now."),
        (
            {"DEPLOY": "success", "SMOKE": "failure", "ROLLBACK": "success",
             "SMOKE_PREVIOUS": "cancelled"},
            "look at the endpoint",
        ),
    ],
)  # fmt: skip
def test_an_interrupted_deployment_is_not_called_good(
    outcomes: dict[str, str], said: str, render: Render, tmp_path: Path
) -> None:
    code, text = script(
        tmp_path, render(), "deploy", "report_deployment.py", STAGE="prod", PREVIOUS=OLD,
        MODEL_PACKAGE_ARN=NEW, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"), **outcomes,
    )  # fmt: skip
    assert code == 0
    assert said in text
    assert (tmp_path / "summary.md").read_text() in text
