"""`config/pipeline.yaml`: what it gives each step, and what it says about every mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pipeline_project import load, refusal
from sample_project import CONFIG

from mlops.errors import CommandError
from source.documents import MAX_SHARDS
from source.evaluate_settings import (
    EvaluateSettings,
    GateSettings,
    evaluate_settings,
    gate_settings,
)
from source.generation_settings import GenerationSettings, generation_settings
from source.index_settings import (
    ChunkSettings,
    EmbeddingSettings,
    IndexSettings,
    RetrievalSettings,
    chunk_settings,
    embedding_settings,
    index_settings,
    retrieval_settings,
)
from source.ingest_settings import DataSettings, data_settings

MODEL = {"model_id": "vendor.model-v1"}
ISOLATED = {"image": "own:1", "network": {"isolated": True}}
SOURCE = CONFIG["data"]


def test_steps_get_what_they_read_and_nothing_else(tmp_path: Path) -> None:
    config = load(tmp_path)
    given = {name: config.for_step(name) for name in ("Ingest", "Embed", "Index", "Evaluate")}
    assert {name: set(sections) for name, sections in given.items()} == {
        "Ingest": {"data", "chunk", "embedding"},
        "Embed": {"chunk", "embedding"},
        "Index": {"data", "index", "retrieval", "generation", "evaluate", "gate", "monitor"},
        "Evaluate": {"evaluate", "gate"},
    }
    assert not {"source", "query", "licence"} & set(given["Ingest"]["data"])
    assert "refit_share" not in given["Embed"]["embedding"]
    assert given["Index"]["gate"] == {"metric": "mrr"}
    assert "judges" not in given["Index"]["evaluate"]
    assert "bound" not in given["Evaluate"]["gate"]


def test_the_steps_read_what_they_are_given(tmp_path: Path) -> None:
    """Both sides know the same keys, and both have the same defaults."""
    config = load(tmp_path, gate={})
    ingest, index = config.for_step("Ingest"), config.for_step("Index")
    assert data_settings(ingest) == DataSettings()
    for step in ("Ingest", "Embed"):
        assert chunk_settings(config.for_step(step)) == ChunkSettings()
        assert embedding_settings(config.for_step(step)) == EmbeddingSettings()
    assert index_settings(index) == IndexSettings()
    assert retrieval_settings(index) == RetrievalSettings()
    assert generation_settings(index) == GenerationSettings()
    assert evaluate_settings(index) == EvaluateSettings()
    assert evaluate_settings(config.for_step("Evaluate")) == EvaluateSettings()
    assert gate_settings(config.for_step("Evaluate")) == GateSettings()


def test_no_machine_is_asked_for_that_no_file_is_for(tmp_path: Path) -> None:
    assert load(tmp_path, compute={"embed": {"instance_count": MAX_SHARDS}})
    with pytest.raises(CommandError, match=r"instance_count: 17"):
        load(tmp_path, compute={"embed": {"instance_count": MAX_SHARDS + 1}})


def test_weights_are_numbers_or_chosen(tmp_path: Path) -> None:
    for left_open in ({}, {"weights": None}, {"weights": "auto"}):
        config = load(tmp_path, retrieval=left_open)
        assert config.for_step("Index")["retrieval"]["weights"] == "auto"
    given = load(tmp_path, retrieval={"weights": {"bm25": 1, "dense": 0.5}})
    weights = retrieval_settings(given.for_step("Index")).weights
    assert not isinstance(weights, str)
    assert (weights.bm25, weights.dense) == (1.0, 0.5)


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        # Keys and values.
        ({"data": {"source": "d/", "langages": []}}, "did you mean 'languages'?"),
        ({"data": {"source": "d.xlsx"}}, "data.source: 'd.xlsx'; use a folder, a .csv, .tsv,"),
        ({"data": {"source": "../d/"}}, "use a path inside the repository, such as corpus/"),
        ({"data": {"source": "."}}, "use a path inside the repository"),
        ({"data": SOURCE | {"formats": []}}, "data.formats: []"),
        ({"data": SOURCE | {"formats": ["rtf"]}}, "data.formats.0: 'rtf' is wrong"),
        ({"data": SOURCE | {"label_rule": "path"}}, "write null, folder, or metadata:<name>"),
        ({"data": SOURCE | {"languages": ["English"]}}, "data.languages.0: 'English' is wrong"),
        ({"data": SOURCE | {"max_broken_share": 1}}, "data.max_broken_share: 1 is wrong"),
        (
            {"data": SOURCE | {"formats": ["pdf"], "text_column": "body"}},
            "text_column is a column of tables, and formats has neither",
        ),
        (
            {"data": {"source": "athena://a/b", "formats": ["csv"]}},
            "formats leaves out parquet, which is how rows of the catalog arrive",
        ),
        ({"chunk": {"max_tokens": 8}}, "chunk.max_tokens: 8 is wrong"),
        ({"chunk": {"max_tokens": 64, "overlap_tokens": 33}}, "use at most 32"),
        ({"retrieval": {"weights": "even"}}, "write {bm25: 1, dense: 1}, or null to"),
        ({"retrieval": {"weights": {"bm2": 1}}}, "weights.bm2: unknown key; did you mean 'bm25'?"),
        ({"retrieval": {"weights": {"bm25": 0, "dense": 0}}}, "bm25 and dense are both 0"),
        ({"retrieval": {"candidates": 3}}, "candidates 3 is less than top_k 5"),
        ({"generation": {"min_score": "low"}}, "write auto, or a share from 0 to 1"),
        ({"generation": {"min_score": 1.5}}, "generation.min_score: 1.5"),
        ({"evaluate": {"questions": "asked.csv"}}, "write generated, or a .jsonl file"),
        ({"evaluate": {"questions": "/etc/q.jsonl"}}, "use a path inside the repository"),
        ({"evaluate": {"validation_share": 1}}, "evaluate.validation_share: 1 is wrong"),
        ({"gate": {"metric": "recall"}}, "gate.metric: 'recall' is wrong; input should be"),
        ({"gate": {"bound": 60}}, "gate.bound: 60 is wrong"),
        ({"compute": {"embed": {"instance_count": 17}}}, "compute.embed.instance_count: 17"),
        ({"compute": {"train": {}}}, "compute.train: unknown key"),
        # Kinds, and what belongs to them.
        ({"embedding": {"model": "m"}}, "kind fitted makes its own from the documents"),
        ({"embedding": {"kind": "bedrock"}}, "kind bedrock needs the id of an embedding model"),
        (
            {"embedding": {"kind": "sentence_transformers", "model": "../m"}},
            "model '../m': use a folder such as models/encoder",
        ),
        (
            {"embedding": {"kind": "sentence_transformers", "model": "s3://m"}},
            "write s3://bucket/prefix/",
        ),
        ({"embedding": {"region": "eu-west-1"}}, "region goes with kind sagemaker or bedrock"),
        ({"index": {"store": "pgvector", "name": "n"}}, "cluster_arn is missing: store pgvector"),
        ({"index": {"bucket": "b"}}, "bucket goes with store s3vectors, and store is faiss"),
        (
            {"index": {"store": "s3vectors", "name": "n", "bucket": "b", "hnsw": {}}},
            "hnsw goes with store faiss, and s3vectors chooses its own",
        ),
        ({"index": {"region": "eu-west-1"}}, "region goes with a managed store"),
        ({"retrieval": {"reranker": "bedrock"}}, "reranker bedrock needs the id of a model"),
        ({"retrieval": {"reranker_model": "m"}}, "reranker_model goes with a reranker"),
        ({"generation": {"kind": "bedrock"}}, "kind bedrock needs the id of a model or inference"),
        ({"generation": MODEL}, "model_id goes with kind bedrock, and kind is extractive"),
        (
            {"generation": {"kind": "bedrock", **MODEL, "guardrail": {"id": "g", "version": "x"}}},
            "generation.guardrail.version: 'x' is wrong",
        ),
        # Sections that contradict each other.
        (
            {"evaluate": {"questions": "q.jsonl", "question_model": MODEL}},
            "question_model writes questions, and questions names 'q.jsonl'",
        ),
        (
            {"retrieval": {"candidates": 5}, "gate": {"metric": "ndcg_at_10"}},
            "candidates 5 is less than the 10 passages that gate.metric ndcg_at_10 looks at",
        ),
        (
            {"compute": ISOLATED, "embedding": {"kind": "sagemaker", "model": "endpoint"}},
            "cannot ask the service that embedding.kind sagemaker needs",
        ),
        ({"compute": ISOLATED, "evaluate": {"judges": MODEL}}, "that evaluate.judges needs"),
        (
            {
                "compute": ISOLATED,
                "index": {"store": "opensearch", "name": "n", "endpoint": "https://o"},
            },
            "that index.store opensearch needs",
        ),
        (
            {"compute": ISOLATED, "generation": {"kind": "bedrock", **MODEL}},
            "that generation.kind bedrock needs",
        ),
    ],
)
def test_mistakes_name_the_key_the_value_and_the_fix(
    tmp_path: Path, sections: dict[str, Any], message: str
) -> None:
    assert message in refusal(tmp_path, **sections)


@pytest.mark.parametrize(
    "sections",
    [
        {"data": {"source": "manual.pdf"}},
        {"data": {"source": "s3://bucket/manuals/"}},
        {"data": {"source": "athena://db/pages", "query": "SELECT 1", "text_column": "body"}},
        {"data": SOURCE | {"label_rule": "metadata:department"}},
        {"embedding": {"kind": "sentence_transformers", "model": "s3://bucket/encoder/"}},
        {"embedding": {"kind": "bedrock", "model": "m", "region": "us-east-1", "dimension": 512}},
        {"index": {"hnsw": {"links": 16}}},
        {"index": {"store": "s3vectors", "name": "n", "bucket": "b", "region": "eu-west-1"}},
        {"generation": {"kind": "bedrock", **MODEL, "guardrail": {"id": "g", "version": "3"}}},
        {"evaluate": {"questions": "questions/questions.jsonl", "judges": MODEL}},
        {"chunk": {"max_tokens": None}},
        {"compute": ISOLATED},
    ],
)
def test_what_fits_together_is_accepted(tmp_path: Path, sections: dict[str, Any]) -> None:
    assert load(tmp_path, **sections)
