"""The compiled pipeline, for every source and store, and what a change repeats."""

from __future__ import annotations

import json
import shutil

import pytest
from compiled_steps import all_steps, changed, inputs, places, request
from pipeline_fixtures import Compile, MakeProject
from pipeline_project import CLOUD_FACTS
from sample_project import CONFIG

from mlops.check import check_definition
from mlops.check.definition import read_definition
from mlops.compile import CompiledPipeline, compile_pipeline
from mlops.errors import CommandError
from mlops.previous import previous_outputs

pytestmark = pytest.mark.xdist_group("compile")

KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"
BEDROCK = {"kind": "bedrock", "model_id": "vendor.model-v1"}


def written(name: str, output: str) -> dict[str, str]:
    return {"Get": f"Steps.{name}.ProcessingOutputConfig.Outputs['{output}'].S3Output.S3Uri"}


def test_the_steps_and_their_order(compiled: CompiledPipeline) -> None:
    assert [(item["Name"], item["Type"]) for item in all_steps(compiled)] == [
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
        given = inputs(compiled, name)
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
    cluster = request(compiled, "Embed")["ProcessingResources"]["ClusterConfig"]
    assert cluster["InstanceCount"] == 4
    given = inputs(compiled, "Embed")
    dealt = {name: item["S3DataDistributionType"] for name, item in given.items()}
    assert dealt.pop("documents") == "ShardedByS3Key"
    assert set(dealt.values()) == {"FullyReplicated"}
    for name in ("Ingest", "Index", "Evaluate"):
        assert request(compiled, name)["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 1


def test_one_machine_gets_all_documents(compiled: CompiledPipeline) -> None:
    documents = inputs(compiled, "Embed")["documents"]
    assert documents["S3DataDistributionType"] == "FullyReplicated"


def test_the_package_is_a_folder_in_the_registry(compiled: CompiledPipeline) -> None:
    package = request(compiled, "RegisterModel")
    (container,) = package["InferenceSpecification"]["Containers"]
    place = {"Std:Join": {"On": "/", "Values": [written("Index", "package"), ""]}}
    assert container["ModelDataSource"] == {
        "S3DataSource": {"S3Uri": place, "S3DataType": "S3Prefix", "CompressionType": "None"}
    }
    assert container["Image"].endswith("/sagemaker-scikit-learn:1.9-0-cpu-py3")
    assert container["Environment"]["SAGEMAKER_PROGRAM"] == "inference.py"
    assert "ModelDataQuality" not in package["ModelMetrics"]


def test_the_package_says_what_the_index_is(compiled: CompiledPipeline) -> None:
    metadata = request(compiled, "RegisterModel")["CustomerMetadataProperties"]
    assert metadata["licence"] == "CC-BY-4.0"
    assert metadata["corpus_sha256"]["Std:JsonGet"]["Path"] == "package.corpus.sha256"
    assert metadata["languages"]["Std:JsonGet"]["Path"] == "package.corpus.language_codes"


def test_a_licence_with_signs_that_the_registry_refuses_is_written_without_them(
    compile_with: Compile,
) -> None:
    licence = "GPL-2.0 (code), CC BY 4.0 & others — see LICENSE;" + " more" * 100
    compiled = compile_with(config={"data": CONFIG["data"] | {"licence": licence}})
    metadata = request(compiled, "RegisterModel")["CustomerMetadataProperties"]
    start = "GPL-2.0 code CC BY 4.0 others see LICENSE more more"
    assert metadata["licence"].startswith(start) and len(metadata["licence"]) == 256


def test_the_card_is_whole_once_the_evaluation_is_known(compiled: CompiledPipeline) -> None:
    parts = request(compiled, "RegisterModel")["ModelCard"]["ModelCardContent"]["Std:Join"]
    known = {"package.corpus.sha256": "0a1b", "package.corpus.language_codes": "de en"}
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
    assert details["languages"] == "de en"
    assert details["mrr on test questions"] == "0.75"
    assert details["licence of the documents"] == "CC-BY-4.0"
    assert "mrr ≥ 0.5" in card["additional_information"]["caveats_and_recommendations"]


def test_the_gate_reads_every_check(compiled: CompiledPipeline) -> None:
    conditions = request(compiled, "QualityGate")["Conditions"]
    assert [item["LeftValue"]["Std:JsonGet"]["Path"] for item in conditions] == [
        f"gate.checks.{name}.excess"
        for name in ("bound", "bm25", "dense", "answers", "champion", "latency")
    ]
    bound = request(compiled, "Evaluate")["AppSpecification"]["ContainerArguments"]
    assert bound[bound.index("--bound") + 1] == {
        "Std:Join": {"On": "", "Values": [{"Get": "Parameters.MetricBound"}]}
    }


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
    metadata = request(compiled, "RegisterModel")["CustomerMetadataProperties"]
    assert metadata["store"] == store["store"]


def test_a_pretrained_encoder_travels_to_ingest(make_project: MakeProject) -> None:
    config = {"embedding": {"kind": "sentence_transformers", "model": "models/encoder"}}
    root = make_project(config=config)
    with pytest.raises(CommandError, match=r"'models/encoder' is no folder with a model in it"):
        compile_pipeline(root / ".pipeline", root=root)
    (root / "models/encoder").mkdir(parents=True)
    (root / "models/encoder/config.json").write_text("{}")
    compiled = compile_pipeline(root / ".pipeline", root=root)
    assert check_definition(compiled.definition) == []
    place = places(compiled, "Ingest")["encoder"]
    assert (compiled.assets / place[5:] / "config.json").is_file()
    words = request(compiled, "Ingest")["AppSpecification"]["ContainerArguments"]
    assert words[words.index("--encoder") + 1] == "/opt/ml/processing/input/encoder"
    # The other steps take what Ingest has made of it.
    assert places(compiled, "Embed")["encoder"] == written("Ingest", "encoder")


def test_a_fitted_encoder_is_nobody_s_input(compiled: CompiledPipeline) -> None:
    assert "encoder" not in places(compiled, "Ingest")
    assert "--encoder" not in request(compiled, "Ingest")["AppSpecification"]["ContainerArguments"]


def test_reviewed_questions_travel_to_index_and_evaluate(make_project: MakeProject) -> None:
    config = {"evaluate": {"questions": "questions/asked.jsonl"}}
    root = make_project(config=config)
    with pytest.raises(CommandError, match=r"'questions/asked\.jsonl' does not exist.*questions"):
        compile_pipeline(root / ".pipeline", root=root)
    (root / "questions").mkdir()
    (root / "questions/asked.jsonl").write_text("{}\n")
    compiled = compile_pipeline(root / ".pipeline", root=root)
    for name in ("Index", "Evaluate"):
        assert (compiled.assets / places(compiled, name)["questions"][5:] / "asked.jsonl").is_file()


def test_absent_or_empty_documents_are_named(make_project: MakeProject) -> None:
    root = make_project()
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
        job = request(compiled, name)
        assert job["ProcessingOutputConfig"]["KmsKeyId"] == KEY
        assert job["NetworkConfig"]["EnableNetworkIsolation"] is True
        assert job["AppSpecification"]["ImageUri"] == compute["image"]
    (container,) = request(compiled, "RegisterModel")["InferenceSpecification"]["Containers"]
    assert container["Image"] == compute["serving_image"]


def test_a_prompt_s_text_repeats_what_follows_from_it(
    compiled: CompiledPipeline, make_project: MakeProject
) -> None:
    root = make_project()
    prompt = root / "prompts/answer.md"
    prompt.write_text(prompt.read_text() + "Be brief.\n")
    assert changed(compiled, compile_pipeline(root / ".pipeline", root=root)) == {"Index"}
