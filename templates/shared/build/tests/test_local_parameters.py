"""Parameters and data of a local run: typed, checked, and refused before anything runs."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Project, step

from mlops.check.definition import Parameter
from mlops.local.parameters import ParameterError, typed


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("String", "a=b", "a=b"),
        ("Integer", "12", 12),
        ("Float", "1e-3", 0.001),
        ("Float", "3", 3.0),
        ("Boolean", "TRUE", True),
        ("Boolean", "no", False),
    ],
)
def test_values_get_the_parameters_type(kind: str, text: str, value: Any) -> None:
    got = typed(Parameter("P", kind), text)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("Integer", "1.5"), ("Float", "sixty"), ("Float", "nan"), ("Boolean", "maybe")],
)
def test_values_of_another_type_are_refused(kind: str, text: str) -> None:
    with pytest.raises(ParameterError, match=f"P is of type {kind}, '{text}' is not"):
        typed(Parameter("P", kind), text)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--param", "MetricBond=1"], "no parameter 'MetricBond': did you mean 'MetricBound'?"),
        (["--param", "MetricBound"], "write NAME=VALUE"),
        (["--param", "MetricBound=low"], "MetricBound is of type Float, 'low' is not"),
        (["--param", "ModelApprovalStatus=approved"], "did you mean 'Approved'?"),
        (["--data", "nowhere.csv"], "nowhere.csv: there is no such file"),
    ],
)
def test_a_wrong_argument_stops_the_run_before_it_starts(
    arguments: list[str], words: str, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert project.run(*arguments) == 2
    assert words in capsys.readouterr().err
    assert not (project.local / "runs").exists()


def test_a_parameter_without_a_value_is_named(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.edit(lambda d: d["Parameters"][2].pop("DefaultValue"))
    assert project.run() == 2
    assert "no value for MetricBound: give --param MetricBound=" in capsys.readouterr().err
    assert project.run("--param", "MetricBound=60") == 0


def test_given_parameters_are_used_and_recorded(project: Project) -> None:
    assert project.run("-p", "MetricBound=70", "-p", "ModelApprovalStatus=Approved") == 0
    assert project.last_run()["parameters"]["MetricBound"] == 70.0
    (package,) = project.packages()
    assert json.loads(package.read_text())["ModelApprovalStatus"] == "Approved"


def test_data_in_s3_is_not_there(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.edit(lambda d: d["Parameters"][0].update(DefaultValue="s3://lake/sales/"))
    assert project.run() == 2
    error = capsys.readouterr().err
    assert "input 'data' of Prepare is s3://lake/sales/" in error
    assert "--data FILE" in error
    assert not (project.local / "runs").exists()


def use_query(document: dict[str, Any]) -> None:
    item = step(document, "Prepare")["Arguments"]["ProcessingInputs"][0]
    del item["S3Input"]
    item["DatasetDefinition"] = {
        "LocalPath": "/opt/ml/processing/input/data",
        "AthenaDatasetDefinition": {
            "Catalog": "AwsDataCatalog",
            "Database": "sales",
            "QueryString": "select * from orders",
            "OutputS3Uri": "s3://local-artifacts/athena",
            "OutputFormat": "PARQUET",
        },
    }
    document["Parameters"].pop(0)
    document["Parameters"].append(
        {"Name": "DataVersion", "Type": "String", "DefaultValue": "unversioned"}
    )
    step(document, "Prepare")["Arguments"]["Environment"]["DATA_VERSION"] = {
        "Get": "Parameters.DataVersion"
    }


def test_a_query_needs_a_sample_of_its_result(
    project: Project, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    project.edit(use_query)
    assert project.run() == 2
    error = capsys.readouterr().err
    assert "input 'data' of Prepare is a query" in error
    assert "make run ARGS='--data sample.parquet'" in error

    sample = tmp_path / "sample"
    sample.mkdir()
    (sample / "part-0.csv").write_text("1\n2\n")
    (sample / "part-1.csv").write_text("3\n")
    assert project.run("--data", str(sample)) == 0
    assert project.last_run()["metrics"] == {"rmse": 2.0}
    version = project.last_run()["parameters"]["DataVersion"]
    assert len(version) == 16 and version != "unversioned"
    assert "rows: 3" in project.log("Prepare")


def test_an_empty_folder_is_no_data(
    project: Project, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    assert project.run("--data", str(tmp_path / "empty")) == 2
    assert "the folder is empty" in capsys.readouterr().err


def test_report_prints_where_it_is(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    from mlops.__main__ import main

    assert main(["report"]) == 1
    assert "no local run has ended here yet" in capsys.readouterr().err
    assert project.run() == 0
    capsys.readouterr()
    assert main(["report", "--path"]) == 0
    assert Path(capsys.readouterr().out.strip()).read_text() == "<h1>report</h1>"


def test_the_commit_goes_with_the_model(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SHA", "0f3c2a1d")
    assert project.run() == 0  # a pipeline without the parameter is not bothered
    project.edit(
        lambda d: d["Parameters"].append(
            {"Name": "GitSha", "Type": "String", "DefaultValue": "uncommitted"}
        )
    )
    project.edit(
        lambda d: step(d, "RegisterModel")["Arguments"]["CustomerMetadataProperties"].update(
            git_sha={"Get": "Parameters.GitSha"}
        )
    )
    assert project.run() == 0
    assert project.statuses()["Evaluate"] == "Cached"
    package = json.loads(project.packages()[-1].read_text())
    assert package["CustomerMetadataProperties"]["git_sha"] == "0f3c2a1d"
