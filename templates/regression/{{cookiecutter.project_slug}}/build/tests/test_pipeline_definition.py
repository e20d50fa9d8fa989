"""The compiled pipeline: its steps, what they are given, and what a change repeats."""

from __future__ import annotations

import json
import re

import pytest
from compiled_steps import all_steps, changed, jobs, places, request
from pipeline_fixtures import Compile, MakeProject
from pipeline_project import CLOUD_FACTS

from mlops.compile import CompiledPipeline, compile_pipeline
from mlops.errors import CommandError

pytestmark = pytest.mark.xdist_group("compile")


def test_the_steps_and_their_order(compiled: CompiledPipeline) -> None:
    assert [(step["Name"], step["Type"]) for step in all_steps(compiled)] == [
        ("Prepare", "Processing"),
        ("Train", "Training"),
        ("Evaluate", "Processing"),
        ("QualityGate", "Condition"),
        ("RegisterModel", "RegisterModel"),
        ("QualityGateFailed", "Fail"),
    ]


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


def test_later_steps_refer_to_what_earlier_steps_wrote(compiled: CompiledPipeline) -> None:
    evaluate = places(compiled, "Evaluate")
    assert evaluate["model"] == {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}
    assert evaluate["champion"] == {"Get": "Parameters.ChampionUri"}


def test_training_reports_its_metrics(compiled: CompiledPipeline) -> None:
    definitions = request(compiled, "Train")["AlgorithmSpecification"]["MetricDefinitions"]
    line = "validation of linear_rmse=9.5: rmse=54.31 mae=4.4e1 r2=-0.5"
    read = {item["Name"]: re.findall(item["Regex"], line) for item in definitions}
    assert read == {"rmse": ["54.31"], "mae": ["4.4e1"], "r2": ["-0.5"]}


def test_the_gate_reads_every_check(compiled: CompiledPipeline) -> None:
    conditions = request(compiled, "QualityGate")["Conditions"]
    assert [item["LeftValue"]["Std:JsonGet"]["Path"] for item in conditions] == [
        f"gate.checks.{name}.excess" for name in ("bound", "mean", "linear", "champion")
    ]


def test_the_model_package_carries_its_evidence(compiled: CompiledPipeline) -> None:
    package = request(compiled, "RegisterModel")
    assert set(package["DriftCheckBaselines"]["ModelDataQuality"]) == {"Statistics", "Constraints"}
    card = json.loads(package["ModelCard"]["ModelCardContent"])
    # Inside the test: outside of `compile_pipeline` the SDK is not to be imported.
    from sagemaker.core.model_card import ModelCardContent

    ModelCardContent.model_validate(card)
    assert card["model_overview"]["model_creator"] == "ml-team@example.com"
    assert card["intended_uses"]["purpose_of_model"] == "Helps the harbour desk"
    assert "rmse ≤ 60" in card["additional_information"]["caveats_and_recommendations"]


def steps_with(compiled: CompiledPipeline, file: str) -> set[str]:
    """Names of the steps whose code holds `file`."""
    return {
        step["Name"]
        for step in all_steps(compiled)
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
    path = root / file
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    expected = steps_with(compiled, file)
    assert expected
    assert "Prepare" not in expected or file == "source/prepare.py"
    assert changed(compiled, compile_pipeline(root / ".pipeline", root=root)) == expected


def test_a_new_table_leaves_the_requests_alone(
    compiled: CompiledPipeline, make_project: MakeProject
) -> None:
    root = make_project()
    (root / "data/houses.csv").write_text("rooms,price\n5,200\n", encoding="utf-8")
    after = compile_pipeline(root / ".pipeline", root=root)
    assert changed(compiled, after) == set()
    for name in ("InputDataUri", "DataVersion"):
        assert compiled.parameters[name] != after.parameters[name]


def test_protection_and_spot_capacity(compile_with: Compile) -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/k"
    compute = {
        "train": {"spot": True, "max_runtime_minutes": 10, "max_wait_minutes": 30},
        "kms_key": key,
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1",
        "network": {"subnets": ["subnet-1"], "security_group_ids": ["sg-1"], "isolated": True},
        "cache_days": 0,
    }
    compiled = compile_with(facts=CLOUD_FACTS, config={"compute": compute})
    train = request(compiled, "Train")
    assert train["EnableManagedSpotTraining"] is True
    assert train["StoppingCondition"] == {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 1800}
    assert train["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    assert train["EnableNetworkIsolation"] is True
    assert train["OutputDataConfig"]["KmsKeyId"] == train["ResourceConfig"]["VolumeKmsKeyId"] == key
    assert all(step["CacheConfig"] == {"Enabled": False} for step in jobs(compiled))
    for name in ("Prepare", "Evaluate"):
        job = request(compiled, name)
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
    before = compile_pipeline(root / ".pipeline", root=root)
    (root / "data/houses.csv").unlink()
    with pytest.raises(CommandError, match=r"data\.source: 'data/houses\.csv' does not exist"):
        compile_pipeline(root / ".pipeline", root=root)
    assert json.loads(before.definition_path.read_text()) == before.definition
    assert [path.name for path in root.glob(".pipeline*")] == [".pipeline"]


def test_another_region_uses_its_own_image(compile_with: Compile) -> None:
    compiled = compile_with(facts={"aws": {"region": "us-east-1"}})
    image = request(compiled, "Train")["AlgorithmSpecification"]
    assert image["TrainingImage"].endswith("us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0")
