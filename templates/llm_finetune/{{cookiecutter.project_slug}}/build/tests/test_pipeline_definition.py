"""The compiled pipeline: its steps on every kind of machine, and what a change repeats."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from compiled_steps import all_steps, places, request
from pipeline_fixtures import Compile, MakeProject
from pipeline_project import CLOUD_FACTS
from sample_project import REVISION

from mlops.compile import CompiledPipeline, compile_pipeline
from mlops.errors import CommandError

pytestmark = pytest.mark.xdist_group("compile")

GPU_IMAGE = "pytorch:2.13-cu133-amzn2023-sagemaker"
CPU_IMAGE = "pytorch:2.13-cpu-amzn2023-sagemaker"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"


def train_on(instance_type: str, **more: Any) -> dict[str, Any]:
    return {"compute": {"train": {"instance_type": instance_type, **more}}}


def test_the_steps_and_their_order(compiled: CompiledPipeline) -> None:
    assert [(item["Name"], item["Type"]) for item in all_steps(compiled)] == [
        ("Prepare", "Processing"),
        ("Train", "Training"),
        ("Evaluate", "Processing"),
        ("QualityGate", "Condition"),
        ("RegisterModel", "RegisterModel"),
        ("QualityGateFailed", "Fail"),
    ]


def test_steps_hand_on_what_they_wrote(compiled: CompiledPipeline) -> None:
    prepared = "Steps.Prepare.ProcessingOutputConfig.Outputs['{}'].S3Output.S3Uri"
    train = places(compiled, "Train")
    for name in ("train", "validation", "preferences"):
        assert train[name] == {"Get": prepared.format(name)}
    evaluate = places(compiled, "Evaluate")
    assert evaluate["test"] == {"Get": prepared.format("test")}
    assert evaluate["champion"] == {"Get": "Parameters.ChampionUri"}
    bases = {name: places(compiled, name)["base"] for name in ("Prepare", "Train")}
    assert set(bases.values()) == {evaluate["base"]}
    assert (compiled.assets / evaluate["base"][5:] / "config.json").is_file()


def test_the_model_is_a_folder_from_training_to_the_registry(compiled: CompiledPipeline) -> None:
    assert request(compiled, "Train")["OutputDataConfig"]["CompressionType"] == "NONE"
    place = places(compiled, "Evaluate")["model"]
    assert place["Std:Join"]["Values"] == [
        {"Get": "Steps.Train.OutputDataConfig.S3OutputPath"},
        {"Get": "Steps.Train.TrainingJobName"},
        "output",
        "model",
        "",
    ]
    (container,) = request(compiled, "RegisterModel")["InferenceSpecification"]["Containers"]
    assert container["ModelDataSource"] == {
        "S3DataSource": {"S3Uri": place, "S3DataType": "S3Prefix", "CompressionType": "None"}
    }
    assert "ModelDataUrl" not in container
    assert container["Image"].endswith("/vllm:server-sagemaker-cuda-v2.6")
    assert engine(container) == {
        "SM_VLLM_MODEL": "/opt/ml/model/model",
        "SM_VLLM_SERVED_MODEL_NAME": "harbour-desk",
        "SM_VLLM_MAX_MODEL_LEN": "64",
    }


def engine(container: dict[str, Any]) -> dict[str, str]:
    """What the serving engine is told; the SDK adds variables of its own."""
    return {k: v for k, v in container["Environment"].items() if k.startswith("SM_VLLM_")}


def test_an_adapter_is_registered_for_whoever_lays_it_over_its_base(compile_with: Compile) -> None:
    compiled = compile_with(config={"register": {"weights": "adapter"}})
    package = request(compiled, "RegisterModel")
    assert engine(package["InferenceSpecification"]["Containers"][0]) == {}
    assert package["CustomerMetadataProperties"]["weights"] == "adapter"


def test_the_package_says_what_the_model_is(compile_with: Compile) -> None:
    model = {"source": "acme/base-8b", "revision": REVISION, "licence": "apache-2.0"}
    compiled = compile_with(config={"model": model})
    package = request(compiled, "RegisterModel")
    metadata = package["CustomerMetadataProperties"]
    assert metadata["base_model"] == f"acme/base-8b@{REVISION}"
    assert metadata["base_licence"] == "apache-2.0"
    card = json.loads(package["ModelCard"]["ModelCardContent"])
    # Inside the test: outside of `compile_pipeline` the SDK is not to be imported.
    from sagemaker.core.model_card import ModelCardContent

    ModelCardContent.model_validate(card)
    assert f"acme/base-8b@{REVISION}" in card["training_details"]["training_observations"]
    details = card["additional_information"]["custom_details"]
    assert details["licence of the base model"] == "apache-2.0"
    assert "f1 ≥ 0.5" in card["additional_information"]["caveats_and_recommendations"]


def test_the_gate_reads_every_check(compiled: CompiledPipeline) -> None:
    conditions = request(compiled, "QualityGate")["Conditions"]
    assert [item["LeftValue"]["Std:JsonGet"]["Path"] for item in conditions] == [
        f"gate.checks.{name}.excess" for name in ("bound", "base", "general", "safety", "champion")
    ]


def test_training_reports_its_metrics(compiled: CompiledPipeline) -> None:
    definitions = request(compiled, "Train")["AlgorithmSpecification"]["MetricDefinitions"]
    line = "sft step 88/88 train_loss=0.4061 validation_loss=4.3e-1 tokens_per_second=1407"
    read = {item["Name"]: re.findall(item["Regex"], line) for item in definitions}
    assert read["train_loss"] == ["0.4061"]
    assert read["validation_loss"] == ["4.3e-1"]
    assert read["tokens_per_second"] == ["1407"]
    assert read["dpo_margin"] == []


def driver(compiled: CompiledPipeline) -> str:
    """The command that the training job's own script ends with."""
    code = places(compiled, "Train")["sm_drivers"]
    return (compiled.assets / code[5:] / "sm_train.sh").read_text(encoding="utf-8")


def test_on_processors(compile_with: Compile) -> None:
    compiled = compile_with(config=train_on("ml.m5.xlarge"))
    train = request(compiled, "Train")
    assert train["AlgorithmSpecification"]["TrainingImage"].endswith(CPU_IMAGE)
    assert "basic_script_driver.py" in driver(compiled)


def test_on_one_gpu(compile_with: Compile) -> None:
    compiled = compile_with(
        config=train_on("ml.g6.2xlarge") | {"train": {"tuning": "qlora"}},
        facts=CLOUD_FACTS,
    )
    train = request(compiled, "Train")
    assert train["AlgorithmSpecification"]["TrainingImage"].endswith(GPU_IMAGE)
    assert train["ResourceConfig"]["InstanceCount"] == 1
    assert "basic_script_driver.py" in driver(compiled)
    # The other steps are on machines of their own.
    assert request(compiled, "Prepare")["AppSpecification"]["ImageUri"].endswith(CPU_IMAGE)


@pytest.mark.parametrize("instance_type", ["ml.g6.12xlarge", "ml.g7e.12xlarge"])
def test_on_several_gpus(compile_with: Compile, instance_type: str) -> None:
    """Also on a type that is newer than the table of machines."""
    config = train_on(instance_type) | {"train": {"distributed": "fsdp"}}
    compiled = compile_with(config=config, facts=CLOUD_FACTS)
    assert "torchrun_driver.py" in driver(compiled)
    code = places(compiled, "Train")["code"]
    settings = json.loads((compiled.assets / code[5:] / "settings.json").read_text())
    assert settings["train"]["distributed"] == "fsdp"


def test_on_several_machines(compile_with: Compile) -> None:
    config = train_on("ml.p5.48xlarge", instance_count=4) | {
        "train": {"tuning": "full"},
        "register": {"weights": "merged"},
    }
    compiled = compile_with(config=config, facts=CLOUD_FACTS)
    resources = request(compiled, "Train")["ResourceConfig"]
    assert (resources["InstanceType"], resources["InstanceCount"]) == (
        {"Get": "Parameters.TrainInstanceType"},
        4,
    )
    assert "torchrun_driver.py" in driver(compiled)


def test_on_spot_capacity_training_goes_on_where_it_was(compile_with: Compile) -> None:
    spot = train_on("ml.g6.2xlarge", spot=True, max_runtime_minutes=60, max_wait_minutes=90)
    compiled = compile_with(config=spot, facts=CLOUD_FACTS)
    train = request(compiled, "Train")
    assert train["EnableManagedSpotTraining"] is True
    assert train["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 5400}
    checkpoints = train["CheckpointConfig"]
    assert checkpoints["LocalPath"] == "/opt/ml/checkpoints"
    place, version = checkpoints["S3Uri"]["Std:Join"]["Values"]
    assert place.startswith("s3://shared-bucket/domain/project/checkpoints/")
    assert version == {"Get": "Parameters.DataVersion"}
    # The place is part of the step's cache key: nothing of one execution may be in it.
    assert "Execution." not in json.dumps(checkpoints)

    again = compile_with(config=spot, facts=CLOUD_FACTS)
    assert request(again, "Train")["CheckpointConfig"] == checkpoints
    other = compile_with(config=spot | {"train": {"epochs": 9}}, facts=CLOUD_FACTS)
    assert request(other, "Train")["CheckpointConfig"] != checkpoints


def test_without_spot_capacity_there_is_nothing_to_go_on_from(compiled: CompiledPipeline) -> None:
    assert "CheckpointConfig" not in request(compiled, "Train")


def test_a_base_on_the_hub_is_read_by_the_jobs(compile_with: Compile) -> None:
    compiled = compile_with(config={"model": {"source": "acme/base-8b", "revision": REVISION}})
    for name in ("Prepare", "Train", "Evaluate"):
        assert "base" not in places(compiled, name)
    prepare = request(compiled, "Prepare")["AppSpecification"]["ContainerArguments"]
    assert "--base" not in prepare


def test_a_base_in_s3_is_an_input(compile_with: Compile) -> None:
    compiled = compile_with(config={"model": {"source": "s3://models/base-8b/"}})
    for name in ("Prepare", "Train", "Evaluate"):
        assert places(compiled, name)["base"] == "s3://models/base-8b/"


def test_rows_in_s3_and_preferences_in_the_catalog(compile_with: Compile) -> None:
    compiled = compile_with(
        facts=CLOUD_FACTS,
        config={
            "data": {"source": "s3://other/rows/", "preferences": "athena://sales/pairs"},
            "train": {"method": "sft+dpo"},
        },
    )
    assert compiled.parameters["InputDataUri"]["DefaultValue"] == "s3://other/rows/"
    assert compiled.parameters["DataVersion"]["DefaultValue"] == "unversioned"
    assert "PreferencesUri" not in compiled.parameters
    prepare = request(compiled, "Prepare")
    given = {item["InputName"]: item for item in prepare["ProcessingInputs"]}
    query = given["preferences"]["DatasetDefinition"]
    assert query["LocalPath"] == "/opt/ml/processing/input/preferences"
    athena = query["AthenaDatasetDefinition"]
    assert athena["QueryString"] == 'SELECT * FROM "sales"."pairs"'
    assert athena["WorkGroup"] == "analysts"
    assert prepare["Environment"]["PREFERENCES_VERSION"] == {"Get": "Parameters.PreferencesVersion"}


def test_preferences_of_the_repository_are_staged(compile_with: Compile) -> None:
    data = {"source": "data/orders.jsonl", "preferences": "data/pairs.jsonl"}
    compiled = compile_with(config={"data": data, "train": {"method": "sft+dpo"}})
    staged = compiled.assets / compiled.parameters["PreferencesUri"]["DefaultValue"][5:]
    assert (staged / "pairs.jsonl").is_file()
    words = request(compiled, "Prepare")["AppSpecification"]["ContainerArguments"]
    assert words[words.index("--preferences") + 1] == "/opt/ml/processing/input/preferences"


def test_protection(compile_with: Compile) -> None:
    compute = {
        "kms_key": KEY,
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1",
        "network": {"subnets": ["subnet-1"], "security_group_ids": ["sg-1"], "isolated": True},
    }
    compiled = compile_with(facts=CLOUD_FACTS, config={"compute": compute})
    train = request(compiled, "Train")
    assert train["OutputDataConfig"]["KmsKeyId"] == train["ResourceConfig"]["VolumeKmsKeyId"] == KEY
    assert train["EnableNetworkIsolation"] is True
    # Serving is another matter: the container is the stage's.
    (container,) = request(compiled, "RegisterModel")["InferenceSpecification"]["Containers"]
    assert "vllm" in container["Image"]


def test_the_step_s_own_module_travels_with_evaluate_alone(
    make_project: MakeProject, compiled: CompiledPipeline
) -> None:
    root = make_project(config={"evaluate": {"metrics": ["source.length:score"]}})
    (root / "source/length.py").write_text("def score(expected, answer):\n    return 1.0\n")
    other = compile_pipeline(root / ".pipeline", root=root)
    evaluate = places(other, "Evaluate")["code"]
    assert (other.assets / evaluate[5:] / "source/length.py").is_file()
    assert (other.assets / evaluate[5:] / "source/general_set.py").is_file()
    train = places(other, "Train")["code"]
    assert not (other.assets / train[5:] / "source/length.py").exists()
    assert places(compiled, "Train")["code"] == train


def test_an_absent_base_is_named(make_project: MakeProject) -> None:
    root = make_project(config={"model": {"source": "models/absent"}})
    with pytest.raises(CommandError, match=r"model\.source: 'models/absent' is no folder"):
        compile_pipeline(root / ".pipeline", root=root)


def test_absent_preferences_are_named(make_project: MakeProject) -> None:
    data = {"source": "data/orders.jsonl", "preferences": "data/absent.jsonl"}
    root = make_project(config={"data": data, "train": {"method": "sft+dpo"}})
    with pytest.raises(CommandError, match=r"data\.preferences: 'data/absent\.jsonl' does not exi"):
        compile_pipeline(root / ".pipeline", root=root)
