"""What holds for the compiled pipeline whatever its steps make."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from compiled_steps import all_steps, changed, jobs, request
from pipeline_fixtures import Compile, MakeProject
from pipeline_project import CLOUD_FACTS, FACTS
from sample_project import CONFIG, EDITS

from mlops.check import check_definition
from mlops.compile import CompiledPipeline, compile_pipeline
from mlops.settings import Settings

pytestmark = pytest.mark.xdist_group("compile")
EVERY_JOB = "every job"


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, by its digest."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_service_would_accept_it(compiled: CompiledPipeline) -> None:
    assert check_definition(compiled.definition) == []
    assert all(step["DisplayName"] and step["Description"] for step in all_steps(compiled))


def test_defaults_point_to_staged_files(compiled: CompiledPipeline) -> None:
    data = compiled.assets / compiled.parameters["InputDataUri"]["DefaultValue"][5:]
    assert data.name == compiled.parameters["DataVersion"]["DefaultValue"]
    assert list(data.iterdir())
    champion = compiled.assets / compiled.parameters["ChampionUri"]["DefaultValue"][5:]
    assert json.loads((champion / "champion.json").read_text()) == {"model_package_arn": None}


def test_every_uri_in_the_definition_is_staged_or_written_by_a_step(
    compiled: CompiledPipeline,
) -> None:
    uris = set(re.findall(r'"(s3://[^"]+)"', json.dumps(compiled.definition)))
    outputs = {uri for uri in uris if uri.endswith(("/runs", "/checkpoints"))}
    assert outputs
    for uri in uris - outputs:
        assert (compiled.assets / uri[5:]).is_dir(), uri


def test_a_bundle_holds_what_its_step_needs_and_no_other_step(compiled: CompiledPipeline) -> None:
    names = {step["Name"].lower() for step in jobs(compiled)}
    bundles = {
        entry.parent: entry.read_text().splitlines()[0]
        for entry in compiled.assets.rglob("entry.py")
    }
    assert sorted(bundles.values()) == [f"from source.{name} import main" for name in sorted(names)]
    for folder, first in bundles.items():
        step = first.split(".")[1].split()[0]
        assert (folder / f"source/{step}.py").is_file()
        assert (folder / "requirements.txt").is_file()
        assert (folder / "install_requirements.py").is_file()
        assert not [name for name in names - {step} if (folder / f"source/{name}.py").exists()]
        assert not list(folder.rglob("__pycache__"))
        subprocess.run(
            [sys.executable, "-m", "compileall", "-q", str(folder / "source")],
            check=True,
            env=os.environ | {"PYTHONPYCACHEPREFIX": str(compiled.assets.parent / "pyc")},
        )


def test_no_cached_step_depends_on_one_execution(compiled: CompiledPipeline) -> None:
    """An execution's id in an input would make every step differ from its cached result."""
    for step in jobs(compiled):
        assert step["CacheConfig"] == {"Enabled": True, "ExpireAfter": "P30D"}
        keyed = {
            key: value
            for key, value in step["Arguments"].items()
            if key not in ("ProcessingOutputConfig", "OutputDataConfig")
        }
        assert "Execution." not in json.dumps(keyed)
        assert "GitSha" not in json.dumps(keyed)


def test_new_data_behind_the_same_address_is_read_again(compiled: CompiledPipeline) -> None:
    first = jobs(compiled)[0]["Arguments"]
    assert first["Environment"]["DATA_VERSION"] == {"Get": "Parameters.DataVersion"}


def test_jobs_are_limited_and_retried(compiled: CompiledPipeline) -> None:
    for step in jobs(compiled):
        assert step["Arguments"]["StoppingCondition"]["MaxRuntimeInSeconds"] > 0
        retried = {kind for policy in step["RetryPolicies"] for kind in policy["ExceptionType"]}
        assert retried == {
            "Step.SERVICE_FAULT",
            "Step.THROTTLING",
            "SageMaker.RESOURCE_LIMIT",
            "SageMaker.JOB_INTERNAL_ERROR",
            "SageMaker.CAPACITY_ERROR",
        }


def test_the_gate_holds_excesses_to_zero_and_says_why_it_fails(compiled: CompiledPipeline) -> None:
    conditions = request(compiled, "QualityGate")["Conditions"]
    assert {(item["Type"], item["RightValue"]) for item in conditions} == {
        ("LessThanOrEqualTo", 0.0)
    }
    message = request(compiled, "QualityGateFailed")["ErrorMessage"]
    assert message["Std:Join"]["Values"][1]["Std:JsonGet"]["Path"] == "gate.message"


def test_the_package_says_where_it_comes_from(compiled: CompiledPipeline) -> None:
    package = request(compiled, "RegisterModel")
    assert package["ModelPackageGroupName"] == Settings.model_validate(FACTS).model_package_group
    assert package["ModelApprovalStatus"] == {"Get": "Parameters.ModelApprovalStatus"}
    metadata = package["CustomerMetadataProperties"]
    assert metadata["git_sha"] == {"Get": "Parameters.GitSha"}
    assert metadata["data_version"] == {"Get": "Parameters.DataVersion"}
    assert {
        "template",
        "template_version",
        "pipeline_execution_id",
        "evaluation_uri",
        "report_uri",
        "sample_request_uri",
    } <= set(metadata)
    statistics = package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]["Std:Join"]
    assert statistics["Values"] == [
        {"Get": "Steps.Evaluate.ProcessingOutputConfig.Outputs['evaluation'].S3Output.S3Uri"},
        "evaluation.json",
    ]


def test_compiling_is_the_same_everywhere(make_project: MakeProject, tmp_path: Path) -> None:
    """Two people, two machines: other folder, home, locale, hash seed, AWS set-up and Studio."""
    compiled = []
    for name, seed in (("one", "1"), ("two", "2")):
        root = make_project(f"{name}/checkout")
        home = tmp_path / name / "home"
        (home / ".aws").mkdir(parents=True)
        (home / ".aws/config").write_text(f"[default]\nregion = eu-{name}-9\n", encoding="utf-8")
        (tmp_path / name / ".sagemaker-code-config").write_text(
            json.dumps({"sagemakerProjectId": name, "sagemakerProjectName": name}),
            encoding="utf-8",
        )
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONHASHSEED": seed,
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_PROFILE": f"absent-{name}",
            "AWS_REGION": f"us-{name}-1",
            "SAGEMAKER_ROLE": name,
            "TZ": "Asia/Tokyo" if seed == "2" else "UTC",
            "USER": name,
        }
        done = subprocess.run(
            [sys.executable, "-m", "mlops", "compile"],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        compiled.append(tree(root / ".pipeline"))
    assert compiled[0] == compiled[1]
    assert "definition.json" in compiled[0]


def test_compiling_opens_no_socket(compile_with: Compile, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    compile_with()
    assert asked == []


@pytest.mark.parametrize(
    ("file", "repeated"),
    [
        ("source/evaluate.py", {"Evaluate"}),
        ("source/requirements.txt", EVERY_JOB),
        ("mlops/deploy.py", set()),
        ("pipeline/jobs.py", set()),
    ],
)
def test_editing_a_file_repeats_only_the_steps_that_use_it(
    compiled: CompiledPipeline, make_project: MakeProject, file: str, repeated: Any
) -> None:
    root = make_project()
    path = root / file
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    expected = {step["Name"] for step in jobs(compiled)} if repeated == EVERY_JOB else repeated
    assert changed(compiled, compile_pipeline(root / ".pipeline", root=root)) == expected


@pytest.mark.parametrize(("section", "values", "repeated"), EDITS)
def test_editing_a_setting_repeats_only_the_steps_that_read_it(
    compiled: CompiledPipeline,
    compile_with: Compile,
    section: str,
    values: dict[str, Any],
    repeated: set[str],
) -> None:
    edited = compile_with(config={section: CONFIG.get(section, {}) | values})
    assert changed(compiled, edited) == repeated


def test_facts_of_a_cloud_project(compile_with: Compile) -> None:
    compiled = compile_with(facts=CLOUD_FACTS)
    text = json.dumps(compiled.definition)
    assert "local-artifacts" not in text
    assert "000000000000" not in text
    uris = re.findall(r'"(s3://[^"]+)"', text)
    assert all(uri.startswith("s3://shared-bucket/domain/project/") for uri in uris)
    for step in jobs(compiled):
        job = step["Arguments"]
        assert job["RoleArn"] == "arn:aws:iam::123456789012:role/pipeline"
        assert job["Environment"]["MLFLOW_TRACKING_URI"].endswith("mlflow-tracking-server/tracking")
        assert {tag["Key"]: tag["Value"] for tag in job["Tags"]} == {
            "AmazonDataZoneDomain": "dzd_2",
            "AmazonDataZoneProject": "prj_1",
            "AmazonDataZoneScopeName": "dev",
            "aiops:template": "sample",
            "sagemaker:project-id": "prj_1",
            "sagemaker:project-name": "Harbour desk",
        }
    package = request(compiled, "RegisterModel")
    settings = Settings.model_validate(FACTS | CLOUD_FACTS)
    assert package["ModelPackageGroupName"] == settings.model_package_group


def test_data_in_s3(compile_with: Compile) -> None:
    data = CONFIG["data"] | {"source": "s3://other/files/"}
    compiled = compile_with(config={"data": data})
    assert compiled.parameters["InputDataUri"]["DefaultValue"] == "s3://other/files/"
    assert compiled.parameters["DataVersion"]["DefaultValue"] == "unversioned"


@pytest.mark.parametrize(
    ("query", "sent"),
    [(None, 'SELECT * FROM "sales"."rows"'), ("SELECT 1 AS price", "SELECT 1 AS price")],
)
def test_data_in_the_catalog(compile_with: Compile, query: str | None, sent: str) -> None:
    data = CONFIG["data"] | {"source": "athena://sales/rows", "query": query}
    compiled = compile_with(facts=CLOUD_FACTS, config={"data": data})
    assert "InputDataUri" not in compiled.parameters
    first = jobs(compiled)[0]["Arguments"]
    (item,) = (item for item in first["ProcessingInputs"] if item["InputName"] == "data")
    assert item["DatasetDefinition"] == {
        "LocalPath": "/opt/ml/processing/input/data",
        "DataDistributionType": "FullyReplicated",
        "InputMode": "File",
        "AthenaDatasetDefinition": {
            "Catalog": "AwsDataCatalog",
            "Database": "sales",
            "QueryString": sent,
            "WorkGroup": "analysts",
            "OutputS3Uri": "s3://shared-bucket/domain/project/athena",
            "OutputFormat": "PARQUET",
        },
    }


def test_without_a_bound_there_is_no_parameter_for_it(compile_with: Compile) -> None:
    compiled = compile_with(config={"gate": CONFIG["gate"] | {"bound": None}})
    assert "MetricBound" not in compiled.parameters
    words = request(compiled, "Evaluate")["AppSpecification"]["ContainerArguments"]
    assert "--bound" not in words
