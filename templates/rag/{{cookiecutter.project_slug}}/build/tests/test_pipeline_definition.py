"""The compiled pipeline, for every source and store, and what a change repeats."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pipeline_project import CLOUD_FACTS, all_steps, arguments_of, inputs_of, write_project

from mlops.check import check_definition
from mlops.check.definition import read_definition
from mlops.compile import CompiledPipeline, compile_pipeline
from mlops.errors import CommandError
from mlops.previous import previous_outputs

pytestmark = pytest.mark.xdist_group("compile")

Compile = Callable[..., CompiledPipeline]
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"
BEDROCK = {"kind": "bedrock", "model_id": "vendor.model-v1"}


@pytest.fixture
def compile_with(tmp_path: Path) -> Compile:
    """`compile_with(facts=..., config=...)` compiles a project with these sections; checked."""

    def compile_project(**sections: Any) -> CompiledPipeline:
        root = write_project(tmp_path / f"project{len(list(tmp_path.iterdir()))}", **sections)
        compiled = compile_pipeline(root / ".pipeline", root=root)
        assert check_definition(compiled.definition) == []
        return compiled

    return compile_project


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> CompiledPipeline:
    folder = tmp_path_factory.mktemp("compiled")
    return compile_pipeline(folder / "pipeline", root=write_project(folder / "project"))


def step(compiled: CompiledPipeline, name: str) -> dict[str, Any]:
    return arguments_of(compiled.definition, name)


def places(compiled: CompiledPipeline, name: str) -> dict[str, Any]:
    """Address of each input of a step."""
    return {key: item.get("S3Uri") for key, item in inputs_of(step(compiled, name)).items()}


def written(name: str, output: str) -> dict[str, str]:
    return {"Get": f"Steps.{name}.ProcessingOutputConfig.Outputs['{output}'].S3Output.S3Uri"}


def test_the_steps_and_their_order(compiled: CompiledPipeline) -> None:
    assert check_definition(compiled.definition) == []
    steps = all_steps(compiled.definition["Steps"])
    assert [(item["Name"], item["Type"]) for item in steps] == [
        ("Ingest", "Processing"),
        ("Embed", "Processing"),
        ("Index", "Processing"),
        ("Evaluate", "Processing"),
        ("QualityGate", "Condition"),
        ("RegisterModel", "RegisterModel"),
        ("QualityGateFailed", "Fail"),
    ]


def test_steps_hand_on_what_they_wrote(compiled: CompiledPipeline) -> None:
    embed, index = places(compiled, "Embed"), places(compiled, "Index")
    for name in ("documents", "encoder"):
        assert embed[name] == index[name] == written("Ingest", name)
    assert index["manifest"] == written("Ingest", "manifest")
    for name in ("chunks", "vectors", "embedded"):
        assert index[name] == written("Embed", name)
    evaluate = places(compiled, "Evaluate")
    assert evaluate["package"] == written("Index", "package")
    assert evaluate["champion"] == {"Get": "Parameters.ChampionUri"}
    assert evaluate["questions"] == index["questions"]


def test_a_run_starts_from_the_outputs_of_the_one_before(compiled: CompiledPipeline) -> None:
    definition = read_definition(compiled.definition)
    assert previous_outputs(definition) == {
        "PreviousManifestUri": ("Ingest", "manifest"),
        "PreviousEncoderUri": ("Ingest", "encoder"),
        "PreviousChunksUri": ("Embed", "chunks"),
        "PreviousVectorsUri": ("Embed", "vectors"),
    }
    for name, outputs in (("Ingest", ("manifest", "encoder")), ("Embed", ("chunks", "vectors"))):
        given = inputs_of(step(compiled, name))
        for output in outputs:
            item = given[f"previous-{output}"]
            assert item["S3Uri"] == {"Get": f"Parameters.Previous{output.title()}Uri"}
            # Side by side below the folder that the step is told.
            assert item["LocalPath"] == f"/opt/ml/processing/input/previous/{output}"
    # The first run starts from a folder with nothing in it that a step would read.
    nothing = compiled.parameters["PreviousManifestUri"]["DefaultValue"]
    (file,) = (compiled.assets / nothing[5:]).iterdir()
    assert file.name == "none.json"


def test_documents_are_dealt_to_the_machines_and_nothing_else_is(compile_with: Compile) -> None:
    compiled = compile_with(config={"compute": {"embed": {"instance_count": 4}}})
    embed = step(compiled, "Embed")
    assert embed["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 4
    dealt = {name: item["S3DataDistributionType"] for name, item in inputs_of(embed).items()}
    assert dealt.pop("documents") == "ShardedByS3Key"
    assert set(dealt.values()) == {"FullyReplicated"}
    for name in ("Ingest", "Index", "Evaluate"):
        assert step(compiled, name)["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 1


def test_one_machine_gets_all_documents(compiled: CompiledPipeline) -> None:
    documents = inputs_of(step(compiled, "Embed"))["documents"]
    assert documents["S3DataDistributionType"] == "FullyReplicated"


def test_the_package_is_a_folder_in_the_registry(compiled: CompiledPipeline) -> None:
    request = step(compiled, "RegisterModel")
    (container,) = request["InferenceSpecification"]["Containers"]
    place = {"Std:Join": {"On": "/", "Values": [written("Index", "package"), ""]}}
    assert container["ModelDataSource"] == {
        "S3DataSource": {"S3Uri": place, "S3DataType": "S3Prefix", "CompressionType": "None"}
    }
    assert container["Image"].endswith("/sagemaker-scikit-learn:1.9-0-cpu-py3")
    assert container["Environment"]["SAGEMAKER_PROGRAM"] == "inference.py"
    assert "ModelDataQuality" not in request["ModelMetrics"]


def test_the_package_says_what_the_index_is(compiled: CompiledPipeline) -> None:
    request = step(compiled, "RegisterModel")
    metadata = request["CustomerMetadataProperties"]
    assert metadata["licence"] == "CC-BY-4.0"
    assert metadata["git_sha"] == {"Get": "Parameters.GitSha"}
    assert metadata["data_version"] == {"Get": "Parameters.DataVersion"}
    assert metadata["corpus_sha256"]["Std:JsonGet"]["Path"] == "package.corpus.sha256"
    assert metadata["languages"]["Std:JsonGet"]["Path"] == "package.corpus.language_codes"


def test_the_card_is_whole_once_the_evaluation_is_known(compiled: CompiledPipeline) -> None:
    parts = step(compiled, "RegisterModel")["ModelCard"]["ModelCardContent"]["Std:Join"]
    known = {"package.corpus.sha256": "0a1b", "package.corpus.language_codes": "de, en"}
    texts = [
        part if isinstance(part, str) else known.get(part["Std:JsonGet"]["Path"], "0.75")
        for part in parts["Values"]
    ]
    card = json.loads(parts["On"].join(texts))
    # Inside the test: outside of `compile_pipeline` the SDK is not to be imported.
    from sagemaker.core.model_card import ModelCardContent

    ModelCardContent.model_validate(card)
    details = card["additional_information"]["custom_details"]
    assert details["sha256 of the corpus"] == "0a1b"
    assert details["languages"] == "de, en"
    assert details["mrr on test questions"] == "0.75"
    assert details["licence of the documents"] == "CC-BY-4.0"
    assert "mrr ≥ 0.5" in card["additional_information"]["caveats_and_recommendations"]


def test_the_gate_reads_every_check(compiled: CompiledPipeline) -> None:
    conditions = step(compiled, "QualityGate")["Conditions"]
    assert [item["LeftValue"]["Std:JsonGet"]["Path"] for item in conditions] == [
        f"gate.checks.{name}.excess"
        for name in ("bound", "bm25", "dense", "answers", "champion", "latency")
    ]
    assert all(item["Type"] == "LessThanOrEqualTo" for item in conditions)
    bound = step(compiled, "Evaluate")["AppSpecification"]["ContainerArguments"]
    assert bound[bound.index("--bound") + 1] == {
        "Std:Join": {"On": "", "Values": [{"Get": "Parameters.MetricBound"}]}
    }


def test_without_a_bound_none_is_asked_for(compile_with: Compile) -> None:
    compiled = compile_with(config={"gate": {"bound": None}})
    assert "MetricBound" not in compiled.parameters
    words = step(compiled, "Evaluate")["AppSpecification"]["ContainerArguments"]
    assert "--bound" not in words


def test_no_cached_step_depends_on_one_execution(compiled: CompiledPipeline) -> None:
    for name in ("Ingest", "Embed", "Index", "Evaluate"):
        keyed = {k: v for k, v in step(compiled, name).items() if k != "ProcessingOutputConfig"}
        assert "Execution." not in json.dumps(keyed)
        assert "GitSha" not in json.dumps(keyed)


def test_the_endpoint_s_code_travels_with_index_alone(compiled: CompiledPipeline) -> None:
    for name, expected in (("Index", True), ("Ingest", False), ("Embed", False)):
        code = compiled.assets / places(compiled, name)["code"][5:]
        assert (code / "source/serving_app.py").is_file() is expected
        assert (code / f"source/{name.lower()}.py").is_file()
        assert not (code / "source/evaluate.py").exists()


def test_documents_of_the_repository_are_staged(compiled: CompiledPipeline) -> None:
    staged = compiled.assets / compiled.parameters["InputDataUri"]["DefaultValue"][5:]
    assert sorted(path.relative_to(staged).as_posix() for path in staged.rglob("*.md")) == [
        "anchor.md",
        "bridge/radar.md",
    ]
    version = compiled.parameters["DataVersion"]["DefaultValue"]
    assert staged.name == version
    environment = step(compiled, "Ingest")["Environment"]
    assert environment["DATA_VERSION"] == {"Get": "Parameters.DataVersion"}


def test_documents_in_s3(compile_with: Compile) -> None:
    compiled = compile_with(config={"data": {"source": "s3://other/manuals/"}})
    assert compiled.parameters["InputDataUri"]["DefaultValue"] == "s3://other/manuals/"
    assert compiled.parameters["DataVersion"]["DefaultValue"] == "unversioned"


def test_documents_in_the_catalog(compile_with: Compile) -> None:
    data = {"source": "athena://ships/pages", "query": "SELECT id, body FROM pages"}
    compiled = compile_with(facts=CLOUD_FACTS, config={"data": data})
    assert "InputDataUri" not in compiled.parameters
    (item,) = [
        item for item in step(compiled, "Ingest")["ProcessingInputs"] if item["InputName"] == "data"
    ]
    query = item["DatasetDefinition"]["AthenaDatasetDefinition"]
    assert (query["QueryString"], query["OutputFormat"]) == (data["query"], "PARQUET")
    assert query["WorkGroup"] == "analysts"


@pytest.mark.parametrize(
    ("store", "generation"),
    [
        ({"store": "opensearch", "name": "n", "endpoint": "https://o"}, {}),
        ({"store": "s3vectors", "name": "n", "bucket": "b"}, BEDROCK),
        (
            {
                "store": "pgvector",
                "name": "n",
                "cluster_arn": "arn:c",
                "secret_arn": "arn:s",
                "database": "d",
            },
            BEDROCK,
        ),
    ],
)
def test_every_store_compiles_and_is_told_where_it_is(
    compile_with: Compile, store: dict[str, str], generation: dict[str, str]
) -> None:
    compiled = compile_with(facts=CLOUD_FACTS, config={"index": store, "generation": generation})
    code = compiled.assets / places(compiled, "Index")["code"][5:]
    settings = json.loads((code / "settings.json").read_text())
    assert store.items() <= settings["index"].items()
    metadata = step(compiled, "RegisterModel")["CustomerMetadataProperties"]
    assert metadata["store"] == store["store"]


def test_a_pretrained_encoder_travels_to_ingest(tmp_path: Path) -> None:
    config = {"embedding": {"kind": "sentence_transformers", "model": "models/encoder"}}
    root = write_project(tmp_path / "project", config=config)
    with pytest.raises(CommandError, match=r"'models/encoder' is no folder with a model in it"):
        compile_pipeline(root / ".pipeline", root=root)
    (root / "models/encoder").mkdir(parents=True)
    (root / "models/encoder/config.json").write_text("{}")
    compiled = compile_pipeline(root / ".pipeline", root=root)
    assert check_definition(compiled.definition) == []
    place = places(compiled, "Ingest")["encoder"]
    assert (compiled.assets / place[5:] / "config.json").is_file()
    words = step(compiled, "Ingest")["AppSpecification"]["ContainerArguments"]
    assert words[words.index("--encoder") + 1] == "/opt/ml/processing/input/encoder"
    # The other steps take what Ingest has made of it.
    assert places(compiled, "Embed")["encoder"] == written("Ingest", "encoder")


def test_a_fitted_encoder_is_nobody_s_input(compiled: CompiledPipeline) -> None:
    assert "encoder" not in places(compiled, "Ingest")
    assert "--encoder" not in step(compiled, "Ingest")["AppSpecification"]["ContainerArguments"]


def test_reviewed_questions_travel_to_index_and_evaluate(tmp_path: Path) -> None:
    config = {"evaluate": {"questions": "questions/asked.jsonl"}}
    root = write_project(tmp_path / "project", config=config)
    with pytest.raises(CommandError, match=r"'questions/asked\.jsonl' does not exist.*questions"):
        compile_pipeline(root / ".pipeline", root=root)
    (root / "questions").mkdir()
    (root / "questions/asked.jsonl").write_text("{}\n")
    compiled = compile_pipeline(root / ".pipeline", root=root)
    for name in ("Index", "Evaluate"):
        assert (compiled.assets / places(compiled, name)["questions"][5:] / "asked.jsonl").is_file()


def test_absent_or_empty_documents_are_named(tmp_path: Path) -> None:
    root = write_project(tmp_path / "project")
    shutil.rmtree(root / "manuals")
    with pytest.raises(CommandError, match=r"data\.source: 'manuals/' does not exist"):
        compile_pipeline(root / ".pipeline", root=root)
    (root / "manuals").mkdir()
    with pytest.raises(CommandError, match=r"the folder 'manuals/' is empty"):
        compile_pipeline(root / ".pipeline", root=root)


def test_protection(compile_with: Compile) -> None:
    compute = {
        "kms_key": KEY,
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1",
        "serving_image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/serve:1",
        "network": {"subnets": ["subnet-1"], "security_group_ids": ["sg-1"], "isolated": True},
    }
    compiled = compile_with(facts=CLOUD_FACTS, config={"compute": compute})
    for name in ("Ingest", "Embed", "Index", "Evaluate"):
        request = step(compiled, name)
        assert request["ProcessingOutputConfig"]["KmsKeyId"] == KEY
        assert request["NetworkConfig"]["EnableNetworkIsolation"] is True
        assert request["AppSpecification"]["ImageUri"] == compute["image"]
    (container,) = step(compiled, "RegisterModel")["InferenceSpecification"]["Containers"]
    assert container["Image"] == compute["serving_image"]


def changed(before: CompiledPipeline, after: CompiledPipeline) -> set[str]:
    """Names of the steps whose own request differs."""

    def requests(compiled: CompiledPipeline) -> dict[str, str]:
        return {
            item["Name"]: json.dumps(
                {k: v for k, v in item["Arguments"].items() if not k.endswith("Steps")}
            )
            for item in all_steps(compiled.definition["Steps"])
        }

    one, other = requests(before), requests(after)
    return {name for name in one if one[name] != other[name]}


@pytest.mark.parametrize(
    ("section", "values", "repeated"),
    [
        ("gate", {"bound": 0.7}, {"RegisterModel"}),
        ("gate", {"min_refusal": 0.9}, {"Evaluate", "RegisterModel"}),
        ("data", {"max_broken_share": 0.5}, {"Ingest"}),
        ("chunk", {"max_tokens": 128}, {"Ingest", "Embed"}),
        ("embedding", {"refit_share": 0.5}, {"Ingest"}),
        ("retrieval", {"top_k": 3}, {"Index"}),
        ("evaluate", {"confidence": 0.9}, {"Evaluate"}),
        ("evaluate", {"validation_share": 0.5}, {"Index", "Evaluate"}),
    ],
)
def test_editing_a_setting_repeats_only_the_steps_that_read_it(
    compiled: CompiledPipeline,
    tmp_path: Path,
    section: str,
    values: dict[str, Any],
    repeated: set[str],
) -> None:
    root = write_project(tmp_path / "project")
    path = root / "config/pipeline.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content.setdefault(section, {}).update(values)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert changed(compiled, compile_pipeline(root / ".pipeline", root=root)) == repeated


def test_a_prompt_s_text_repeats_what_follows_from_it(
    compiled: CompiledPipeline, tmp_path: Path
) -> None:
    root = write_project(tmp_path / "project")
    prompt = root / "prompts/answer.md"
    prompt.write_text(prompt.read_text() + "Be brief.\n")
    assert changed(compiled, compile_pipeline(root / ".pipeline", root=root)) == {"Index"}
