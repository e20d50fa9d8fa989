"""The compiled pipeline: its steps, what it depends on, and what a change repeats."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from sample_project import CONFIG, FACTS, all_steps, find_step

from mlops.check import check_definition
from mlops.compile import CompiledPipeline, compile_pipeline
from mlops.errors import CommandError
from mlops.settings import Settings

pytestmark = pytest.mark.xdist_group("compile")

MakeProject = Callable[..., Path]
StepNamed = Callable[[str], dict[str, Any]]

CLOUD_FACTS = {
    "aws": {"region": "eu-west-1", "account_id": "123456789012"},
    "project": FACTS["project"] | {"id": "prj_1", "domain_id": "dzd_2", "scope_name": "dev"},
    "sagemaker": {"pipeline_role_arn": "arn:aws:iam::123456789012:role/pipeline"},
    "storage": {"bucket": "shared-bucket", "prefix": "domain/project"},
    "catalog": {"athena_workgroup": "analysts"},
    "mlflow": {
        "tracking_arn": "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/tracking"
    },
}


def compile_project(root: Path) -> CompiledPipeline:
    return compile_pipeline(root / ".pipeline", root=root)


def edit_config(root: Path, section: str, **values: Any) -> None:
    path = root / "config/pipeline.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content.setdefault(section, {}).update(values)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def edit_file(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, by its digest."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def changed_steps(before: CompiledPipeline, after: CompiledPipeline) -> set[str]:
    """Names of the steps whose own request differs."""

    def requests(compiled: CompiledPipeline) -> dict[str, str]:
        steps = all_steps(compiled.definition["Steps"])
        return {
            step["Name"]: json.dumps(
                {k: v for k, v in step["Arguments"].items() if not k.endswith("Steps")}
            )
            for step in steps
        }

    one, other = requests(before), requests(after)
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def test_the_steps_and_their_order(compiled: CompiledPipeline) -> None:
    steps = all_steps(compiled.definition["Steps"])
    assert [(step["Name"], step["Type"]) for step in steps] == [
        ("Prepare", "Processing"),
        ("Train", "Training"),
        ("Evaluate", "Processing"),
        ("QualityGate", "Condition"),
        ("RegisterModel", "RegisterModel"),
        ("QualityGateFailed", "Fail"),
    ]
    assert all(step["DisplayName"] and step["Description"] for step in steps)


def test_the_service_would_accept_it(compiled: CompiledPipeline) -> None:
    assert check_definition(compiled.definition) == []


def test_parameters_and_their_defaults(compiled: CompiledPipeline) -> None:
    defaults = {name: item["DefaultValue"] for name, item in compiled.parameters.items()}
    assert defaults | {"InputDataUri": "", "DataVersion": "", "ChampionUri": ""} == {
        "InputDataUri": "",
        "DataVersion": "",
        "ChampionUri": "",
        "TrainInstanceType": "ml.m5.large",
        "ModelApprovalStatus": "PendingManualApproval",
        "GitSha": "uncommitted",
        "MetricBound": 60.0,
    }


def test_defaults_point_to_staged_files(compiled: CompiledPipeline) -> None:
    data = compiled.assets / compiled.parameters["InputDataUri"]["DefaultValue"][5:]
    assert (data / "houses.csv").read_text(encoding="utf-8").startswith("rooms,price")
    champion = compiled.assets / compiled.parameters["ChampionUri"]["DefaultValue"][5:]
    assert json.loads((champion / "champion.json").read_text()) == {"model_package_arn": None}


def test_every_uri_in_the_definition_is_staged_or_written_by_a_step(
    compiled: CompiledPipeline,
) -> None:
    uris = set(re.findall(r'"(s3://[^"]+)"', json.dumps(compiled.definition)))
    outputs = {uri for uri in uris if uri.endswith("/runs")}
    assert outputs
    for uri in uris - outputs:
        assert (compiled.assets / uri[5:]).is_dir(), uri


def test_a_bundle_holds_what_its_step_needs_and_no_other_step(
    compiled: CompiledPipeline,
) -> None:
    bundles = {
        entry.parent: entry.read_text().splitlines()[0]
        for entry in compiled.assets.rglob("entry.py")
    }
    assert sorted(bundles.values()) == [
        "from source.evaluate import main",
        "from source.prepare import main",
        "from source.train import main",
    ]
    for folder, first in bundles.items():
        step = first.split(".")[1].split()[0]
        assert (folder / f"source/{step}.py").is_file()
        assert (folder / "requirements.txt").is_file()
        assert (folder / "install_requirements.py").is_file()
        others = {"prepare", "train", "evaluate"} - {step}
        assert not [name for name in others if (folder / f"source/{name}.py").exists()], step
        assert not list(folder.rglob("__pycache__"))
        subprocess.run(
            [sys.executable, "-m", "compileall", "-q", str(folder / "source")],
            check=True,
            env=os.environ | {"PYTHONPYCACHEPREFIX": str(compiled.assets.parent / "pyc")},
        )
    train = next(folder for folder, first in bundles.items() if "train" in first)
    assert (train / "source/inference.py").is_file()


def test_later_steps_refer_to_what_earlier_steps_wrote(
    compiled: CompiledPipeline, step_named: StepNamed
) -> None:
    """An execution's id in an input would make every step differ from its cached result."""
    for name in ("Prepare", "Train", "Evaluate"):
        step = step_named(name)
        assert step["CacheConfig"] == {"Enabled": True, "ExpireAfter": "P30D"}
        keyed = {
            key: value
            for key, value in step["Arguments"].items()
            if key not in ("ProcessingOutputConfig", "OutputDataConfig")
        }
        assert "Execution." not in json.dumps(keyed)
        assert "GitSha" not in json.dumps(keyed)
    evaluate_inputs = {
        item["InputName"]: item["S3Input"]["S3Uri"]
        for item in step_named("Evaluate")["Arguments"]["ProcessingInputs"]
    }
    assert evaluate_inputs["model"] == {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}
    assert evaluate_inputs["champion"] == {"Get": "Parameters.ChampionUri"}


def test_new_data_behind_the_same_address_is_prepared_again(step_named: StepNamed) -> None:
    environment = step_named("Prepare")["Arguments"]["Environment"]
    assert environment["DATA_VERSION"] == {"Get": "Parameters.DataVersion"}


def test_jobs_are_limited_and_retried(step_named: StepNamed) -> None:
    for name in ("Prepare", "Train", "Evaluate"):
        step = step_named(name)
        assert step["Arguments"]["StoppingCondition"]["MaxRuntimeInSeconds"] == 3600
        retried = {kind for policy in step["RetryPolicies"] for kind in policy["ExceptionType"]}
        assert retried == {
            "Step.SERVICE_FAULT",
            "Step.THROTTLING",
            "SageMaker.RESOURCE_LIMIT",
            "SageMaker.JOB_INTERNAL_ERROR",
            "SageMaker.CAPACITY_ERROR",
        }


def test_training_reports_its_metrics(step_named: StepNamed) -> None:
    definitions = step_named("Train")["Arguments"]["AlgorithmSpecification"]["MetricDefinitions"]
    line = "validation of linear_rmse=9.5: rmse=54.31 mae=4.4e1 r2=-0.5"
    read = {item["Name"]: re.findall(item["Regex"], line) for item in definitions}
    assert read == {"rmse": ["54.31"], "mae": ["4.4e1"], "r2": ["-0.5"]}


def test_the_gate_reads_every_check_and_says_why_it_fails(step_named: StepNamed) -> None:
    conditions = step_named("QualityGate")["Arguments"]["Conditions"]
    assert [item["LeftValue"]["Std:JsonGet"]["Path"] for item in conditions] == [
        f"gate.checks.{name}.excess" for name in ("bound", "mean", "linear", "champion")
    ]
    assert {(item["Type"], item["RightValue"]) for item in conditions} == {
        ("LessThanOrEqualTo", 0.0)
    }
    message = step_named("QualityGateFailed")["Arguments"]["ErrorMessage"]
    assert message["Std:Join"]["Values"][1]["Std:JsonGet"]["Path"] == "gate.message"


def test_the_model_package_carries_its_evidence(step_named: StepNamed) -> None:
    package = step_named("RegisterModel")["Arguments"]
    assert package["ModelPackageGroupName"] == "aiops-house-prices-models"
    assert package["ModelApprovalStatus"] == {"Get": "Parameters.ModelApprovalStatus"}
    assert set(package["CustomerMetadataProperties"]) == {
        "git_sha",
        "data_version",
        "template",
        "template_version",
        "pipeline_execution_id",
        "evaluation_uri",
        "report_uri",
        "sample_request_uri",
    }
    assert package["CustomerMetadataProperties"]["git_sha"] == {"Get": "Parameters.GitSha"}
    statistics = package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]["Std:Join"]
    assert statistics["Values"] == [
        {"Get": "Steps.Evaluate.ProcessingOutputConfig.Outputs['evaluation'].S3Output.S3Uri"},
        "evaluation.json",
    ]
    assert set(package["DriftCheckBaselines"]["ModelDataQuality"]) == {"Statistics", "Constraints"}
    card = json.loads(package["ModelCard"]["ModelCardContent"])
    # Inside the test: outside of `compile_pipeline` the SDK is not to be imported.
    from sagemaker.core.model_card import ModelCardContent

    ModelCardContent.model_validate(card)
    assert card["model_overview"]["model_creator"] == "ml-team@example.com"
    assert card["intended_uses"]["purpose_of_model"] == "Predicts house prices"
    assert "rmse ≤ 60" in card["additional_information"]["caveats_and_recommendations"]


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


def test_compiling_opens_no_socket(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    compile_project(make_project())
    assert asked == []


def steps_with(compiled: CompiledPipeline, file: str) -> set[str]:
    """Names of the steps whose code holds `file`."""
    return {
        step["Name"]
        for step in all_steps(compiled.definition["Steps"])
        if step["Type"] != "Condition"
        for uri in re.findall(r"s3://[^\s\"]+/assets/[a-z]+/[0-9a-f]{16}", json.dumps(step))
        if (compiled.assets / uri[5:] / file).is_file()
    }


@pytest.mark.parametrize(
    "file", ["source/prepare.py", "source/train.py", "source/evaluate.py", "source/inference.py"]
)
def test_editing_a_module_repeats_the_steps_that_import_it(
    compiled: CompiledPipeline, make_project: MakeProject, file: str
) -> None:
    root = make_project()
    edit_file(root / file)
    expected = steps_with(compiled, file)
    assert expected
    assert "Prepare" not in expected or file == "source/prepare.py"
    assert changed_steps(compiled, compile_project(root)) == expected


@pytest.mark.parametrize(
    ("file", "repeated"),
    [
        ("source/evaluate.py", {"Evaluate"}),
        ("source/requirements.txt", {"Prepare", "Train", "Evaluate"}),
        ("mlops/deploy.py", set()),
        ("pipeline/jobs.py", set()),
    ],
)
def test_editing_a_file_repeats_only_the_steps_that_use_it(
    compiled: CompiledPipeline, make_project: MakeProject, file: str, repeated: set[str]
) -> None:
    root = make_project()
    edit_file(root / file)
    assert changed_steps(compiled, compile_project(root)) == repeated


@pytest.mark.parametrize(
    ("section", "values", "repeated"),
    [
        ("gate", {"bound": 50}, {"RegisterModel"}),
        ("gate", {"margin_over_mean": 0.2}, {"Evaluate", "RegisterModel"}),
        ("train", {"folds": 3}, {"Train"}),
        ("split", {"test": 0.3}, {"Prepare"}),
        ("data", {"drop": ["rooms"]}, {"Prepare"}),
    ],
)
def test_editing_a_setting_repeats_only_the_steps_that_read_it(
    compiled: CompiledPipeline,
    make_project: MakeProject,
    section: str,
    values: dict[str, Any],
    repeated: set[str],
) -> None:
    """RegisterModel has the gate's rules in the model card; it runs anew in any case."""
    root = make_project()
    edit_config(root, section, **values)
    assert changed_steps(compiled, compile_project(root)) == repeated


def test_a_new_table_leaves_the_requests_alone(
    compiled: CompiledPipeline, make_project: MakeProject
) -> None:
    root = make_project()
    (root / "data/houses.csv").write_text("rooms,price\n5,200\n", encoding="utf-8")
    after = compile_project(root)
    assert changed_steps(compiled, after) == set()
    for name in ("InputDataUri", "DataVersion"):
        assert compiled.parameters[name] != after.parameters[name]


def test_facts_of_a_cloud_project(make_project: MakeProject) -> None:
    compiled = compile_project(make_project(facts=CLOUD_FACTS))
    assert check_definition(compiled.definition) == []
    text = json.dumps(compiled.definition)
    assert "local-artifacts" not in text
    assert "000000000000" not in text
    uris = re.findall(r'"(s3://[^"]+)"', text)
    assert all(uri.startswith("s3://shared-bucket/domain/project/") for uri in uris)
    train = find_step(compiled.definition, "Train")["Arguments"]
    assert train["RoleArn"] == "arn:aws:iam::123456789012:role/pipeline"
    assert train["Environment"]["MLFLOW_TRACKING_URI"].endswith("mlflow-tracking-server/tracking")
    assert {tag["Key"]: tag["Value"] for tag in train["Tags"]} == {
        "AmazonDataZoneDomain": "dzd_2",
        "AmazonDataZoneProject": "prj_1",
        "AmazonDataZoneScopeName": "dev",
        "aiops:template": "regression",
        "sagemaker:project-id": "prj_1",
        "sagemaker:project-name": "House prices",
    }
    settings = Settings.model_validate(FACTS | CLOUD_FACTS)
    package = find_step(compiled.definition, "RegisterModel")["Arguments"]
    assert package["ModelPackageGroupName"] == settings.model_package_group


def test_a_table_in_s3(make_project: MakeProject) -> None:
    root = make_project(config={"data": {"source": "s3://other/houses/", "target": "price"}})
    compiled = compile_project(root)
    assert check_definition(compiled.definition) == []
    assert compiled.parameters["InputDataUri"]["DefaultValue"] == "s3://other/houses/"
    assert compiled.parameters["DataVersion"]["DefaultValue"] == "unversioned"


@pytest.mark.parametrize(
    ("query", "sent"),
    [(None, 'SELECT * FROM "sales"."houses"'), ("SELECT 1 AS price", "SELECT 1 AS price")],
)
def test_a_table_in_the_catalog(make_project: MakeProject, query: str | None, sent: str) -> None:
    root = make_project(
        facts=CLOUD_FACTS,
        config={"data": {"source": "athena://sales/houses", "target": "price", "query": query}},
    )
    compiled = compile_project(root)
    assert check_definition(compiled.definition) == []
    assert "InputDataUri" not in compiled.parameters
    prepare = find_step(compiled.definition, "Prepare")["Arguments"]
    data = next(item for item in prepare["ProcessingInputs"] if item["InputName"] == "data")
    assert data["DatasetDefinition"] == {
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


def test_without_a_bound_there_is_no_parameter_for_it(make_project: MakeProject) -> None:
    compiled = compile_project(make_project(config={"gate": {"metric": "r2", "bound": None}}))
    assert check_definition(compiled.definition) == []
    assert "MetricBound" not in compiled.parameters
    evaluate = find_step(compiled.definition, "Evaluate")["Arguments"]
    assert "--bound" not in evaluate["AppSpecification"]["ContainerArguments"]


def test_protection_and_spot_capacity(make_project: MakeProject) -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/k"
    compute = {
        "train": {"spot": True, "max_runtime_minutes": 10, "max_wait_minutes": 30},
        "kms_key": key,
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1",
        "network": {"subnets": ["subnet-1"], "security_group_ids": ["sg-1"], "isolated": True},
        "cache_days": 0,
    }
    compiled = compile_project(make_project(facts=CLOUD_FACTS, config={"compute": compute}))
    assert check_definition(compiled.definition) == []
    train = find_step(compiled.definition, "Train")["Arguments"]
    assert train["EnableManagedSpotTraining"] is True
    assert train["StoppingCondition"] == {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 1800}
    assert train["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    assert train["EnableNetworkIsolation"] is True
    assert train["OutputDataConfig"]["KmsKeyId"] == train["ResourceConfig"]["VolumeKmsKeyId"] == key
    for name in ("Prepare", "Evaluate"):
        step = find_step(compiled.definition, name)
        job = step["Arguments"]
        assert step["CacheConfig"] == {"Enabled": False}
        assert job["NetworkConfig"] == {
            "EnableNetworkIsolation": True,
            "VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        }
        assert job["ProcessingOutputConfig"]["KmsKeyId"] == key
        assert job["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == key
        assert "install_requirements" not in " ".join(
            job["AppSpecification"]["ContainerEntrypoint"]
        )
        assert "MLFLOW_TRACKING_URI" not in job["Environment"]


def test_an_absent_table_is_named_and_nothing_is_left_half_done(make_project: MakeProject) -> None:
    root = make_project()
    before = compile_project(root)
    (root / "data/houses.csv").unlink()
    with pytest.raises(CommandError, match=r"data\.source: 'data/houses\.csv' does not exist"):
        compile_project(root)
    assert json.loads(before.definition_path.read_text()) == before.definition
    assert [path.name for path in root.glob(".pipeline*")] == [".pipeline"]


def test_another_region_uses_its_own_image(make_project: MakeProject) -> None:
    compiled = compile_project(make_project(facts={"aws": {"region": "us-east-1"}}))
    image = find_step(compiled.definition, "Train")["Arguments"]["AlgorithmSpecification"]
    assert image["TrainingImage"].endswith("us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0")


def test_the_project_s_own_settings_are_used(compiled: CompiledPipeline) -> None:
    settings = Settings.model_validate(FACTS)
    assert settings.pipeline_name == "githubactions-house-prices"
    assert CONFIG["gate"]["bound"] == compiled.parameters["MetricBound"]["DefaultValue"]
