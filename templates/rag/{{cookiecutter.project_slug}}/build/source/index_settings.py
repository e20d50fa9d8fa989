"""The sections `chunk`, `embedding`, `index` and `retrieval` of config/pipeline.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from source.fusion import Weights
from source.settings import require, section

KINDS = ("fitted", "sentence_transformers", "sagemaker", "bedrock")
STORES = ("faiss", "opensearch", "s3vectors", "pgvector")
RERANKERS = ("none", "bedrock")
MATCHES = ("any", "all")


@dataclass(frozen=True)
class ChunkSettings:
    """How long passages are, in the encoder's tokens; null takes the encoder's limit, at most 256.

    `overlap_tokens` of a passage are repeated in the next one of the same section. With
    `search_headings` a passage is also found by its title and headings; questions that were
    generated from headings then say little, because they are found by themselves.
    """

    max_tokens: int | None = 256
    overlap_tokens: int = 32
    respect_headings: bool = True
    search_headings: bool = False

    def __post_init__(self) -> None:
        size = self.max_tokens
        require(size is None or size >= 16, f"chunk.max_tokens: {size}; use 16 or more, or null")
        require(
            0 <= self.overlap_tokens <= (size or 64) // 2,
            f"chunk.overlap_tokens: {self.overlap_tokens}; use 0 to half of chunk.max_tokens",
        )


@dataclass(frozen=True)
class EmbeddingSettings:
    """The encoder. `model` is a folder, an endpoint's name or a model id, as the kind asks.

    `dimension` null is what the model gives (256 for a fitted one). A fitted encoder is kept until
    more than `refit_share` of the documents have changed since it was fitted.
    """

    kind: str = "fitted"
    model: str | None = None
    dimension: int | None = None
    batch_size: int = 64
    refit_share: float = 0.2
    region: str | None = None

    def __post_init__(self) -> None:
        require(self.kind in KINDS, f"embedding.kind: {self.kind!r}; use one of {', '.join(KINDS)}")
        require(
            self.kind == "fitted" or bool(self.model),
            f"embedding.model: missing; {self.kind} needs "
            + {
                "sentence_transformers": "the folder of a model",
                "sagemaker": "the name of an endpoint",
            }.get(self.kind, "the id of an embedding model"),
        )
        size = self.dimension
        require(size is None or 1 <= size <= 16_384, f"embedding.dimension: {size}; use 1 to 16384")
        require(self.batch_size >= 1, f"embedding.batch_size: {self.batch_size}; use 1 or more")
        share = self.refit_share
        require(0 <= share <= 1, f"embedding.refit_share: {share}; use a share from 0 to 1")


@dataclass(frozen=True)
class HnswSettings:
    """The graph of an approximate index: links per vector, and how widely it is searched."""

    links: int = 32
    build_breadth: int = 200
    search_breadth: int = 128

    def __post_init__(self) -> None:
        for name in ("links", "build_breadth", "search_breadth"):
            value = getattr(self, name)
            require(value >= 2, f"index.hnsw.{name}: {value}; use 2 or more")


@dataclass(frozen=True)
class IndexSettings:
    """Where vectors are searched: in the package (faiss), or in a managed store.

    `hnsw` null compares with every vector, which is exact. `name` is the index, table or collection
    of a managed store; each version of the corpus has its own, so that versions can switch.
    `endpoint` is an OpenSearch collection's address, `bucket` an S3 vector bucket, `cluster_arn`,
    `secret_arn` and `database` an Aurora cluster with the Data API.
    """

    store: str = "faiss"
    hnsw: HnswSettings | None = None
    name: str | None = None
    region: str | None = None
    endpoint: str | None = None
    bucket: str | None = None
    cluster_arn: str | None = None
    secret_arn: str | None = None
    database: str | None = None

    def __post_init__(self) -> None:
        require(
            self.store in STORES, f"index.store: {self.store!r}; use one of {', '.join(STORES)}"
        )
        needed = {
            "faiss": (),
            "opensearch": ("name", "endpoint"),
            "s3vectors": ("name", "bucket"),
            "pgvector": ("name", "cluster_arn", "secret_arn", "database"),
        }[self.store]
        for name in needed:
            require(bool(getattr(self, name)), f"index.{name}: missing; {self.store} needs it")


@dataclass(frozen=True)
class RetrievalSettings:
    """How passages are found. `candidates` of each way are fused; `weights` may be "auto".

    `label_match` any shows a passage to callers who have one of its labels, all to those who have
    all of them. `reranker_model` is the model id of the Bedrock reranker.
    """

    top_k: int = 5
    candidates: int = 100
    weights: Weights | str = "auto"
    reranker: str = "none"
    reranker_model: str | None = None
    region: str | None = None
    label_match: str = "any"

    def __post_init__(self) -> None:
        require(1 <= self.top_k <= 100, f"retrieval.top_k: {self.top_k}; use 1 to 100")
        require(
            self.top_k <= self.candidates <= 1000,
            f"retrieval.candidates: {self.candidates}; use retrieval.top_k to 1000",
        )
        require(
            isinstance(self.weights, Weights) or self.weights == "auto",
            f'retrieval.weights: {self.weights!r}; use "auto" or {{bm25: 1, dense: 1}}',
        )
        require(
            self.reranker in RERANKERS,
            f"retrieval.reranker: {self.reranker!r}; use one of {', '.join(RERANKERS)}",
        )
        require(
            self.reranker == "none" or bool(self.reranker_model),
            "retrieval.reranker_model: missing; the reranker needs a model id",
        )
        require(
            self.label_match in MATCHES,
            f"retrieval.label_match: {self.label_match!r}; use one of {', '.join(MATCHES)}",
        )


def chunk_settings(document: Mapping[str, Any]) -> ChunkSettings:
    """The section `chunk`."""
    return section(ChunkSettings, "chunk", document.get("chunk"))


def embedding_settings(document: Mapping[str, Any]) -> EmbeddingSettings:
    """The section `embedding`."""
    return section(EmbeddingSettings, "embedding", document.get("embedding"))


def index_settings(document: Mapping[str, Any]) -> IndexSettings:
    """The section `index`."""
    return section(IndexSettings, "index", document.get("index"))


def retrieval_settings(document: Mapping[str, Any]) -> RetrievalSettings:
    """The section `retrieval`."""
    return section(RetrievalSettings, "retrieval", document.get("retrieval"))
