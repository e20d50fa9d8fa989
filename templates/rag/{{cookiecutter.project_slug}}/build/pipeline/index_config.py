"""The sections `chunk`, `embedding`, `index` and `retrieval`: passages, vectors, finding them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.section import Section
from pipeline.sources import S3

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Text = Annotated[str, Field(min_length=1)]
Weight = Annotated[float, Field(ge=0.0)]
AtLeastTwo = Annotated[int, Field(ge=2)]

# What each managed store must be told; the embedded one needs nothing.
NEEDED: dict[str, tuple[str, ...]] = {
    "faiss": (),
    "opensearch": ("name", "endpoint"),
    "s3vectors": ("name", "bucket"),
    "pgvector": ("name", "cluster_arn", "secret_arn", "database"),
}
MODELS = {
    "sentence_transformers": "a folder such as models/encoder, or s3://bucket/prefix/",
    "sagemaker": "the name of an endpoint",
    "bedrock": "the id of an embedding model",
}


class Chunk(Section):
    """How documents are cut into passages, in tokens of the encoder."""

    max_tokens: Annotated[int, Field(ge=16)] | None = 256
    overlap_tokens: Annotated[int, Field(ge=0)] = 32
    respect_headings: bool = True
    search_headings: bool = False

    @model_validator(mode="after")
    def _overlap_fits(self) -> Self:
        # Without a length of its own a passage is as long as the encoder allows, at least 64.
        most = (self.max_tokens or 64) // 2
        if self.overlap_tokens > most:
            raise ValueError(
                f"overlap_tokens {self.overlap_tokens} is more than half of max_tokens "
                f"{self.max_tokens}: use at most {most}"
            )
        return self


class Embedding(Section):
    """What turns passages and questions into vectors."""

    kind: Literal["fitted", "sentence_transformers", "sagemaker", "bedrock"] = "fitted"
    model: Text | None = None
    dimension: Annotated[int, Field(ge=1, le=16_384)] | None = None
    batch_size: Annotated[int, Field(ge=1)] = 64
    refit_share: Share = 0.2
    region: Text | None = None

    @model_validator(mode="after")
    def _model_fits_the_kind(self) -> Self:
        if self.kind == "fitted":
            if self.model is not None:
                raise ValueError(
                    f"model is {self.model!r} and kind fitted makes its own from the documents: "
                    f"set model to null, or kind to one of {', '.join(MODELS)}"
                )
        elif self.model is None:
            raise ValueError(f"model is missing: kind {self.kind} needs {MODELS[self.kind]}")
        elif self.kind == "sentence_transformers":
            _check_folder(self.model)
        if self.region is not None and not self.is_remote:
            raise ValueError(
                f"region goes with kind sagemaker or bedrock, and kind is {self.kind}: set region "
                "to null"
            )
        return self

    @property
    def is_remote(self) -> bool:
        """Whether a service is asked, which needs a network and costs money."""
        return self.kind in ("sagemaker", "bedrock")

    @property
    def folder(self) -> str | None:
        """The place of a pretrained model whose files travel to the jobs."""
        return self.model if self.kind == "sentence_transformers" else None


def _check_folder(model: str) -> None:
    if model.startswith("s3://"):
        if not S3.fullmatch(model):
            raise ValueError(f"model {model!r}: write s3://bucket/prefix/")
    elif "://" in model or Path(model).is_absolute() or ".." in Path(model).parts:
        raise ValueError(f"model {model!r}: use {MODELS['sentence_transformers']}")


class Hnsw(Section):
    """The graph of an approximate index."""

    links: AtLeastTwo = 32
    build_breadth: AtLeastTwo = 200
    search_breadth: AtLeastTwo = 128


class Index(Section):
    """Where the vectors are searched."""

    store: Literal["faiss", "opensearch", "s3vectors", "pgvector"] = "faiss"
    hnsw: Hnsw | None = None
    name: Text | None = None
    region: Text | None = None
    endpoint: Text | None = None
    bucket: Text | None = None
    cluster_arn: Text | None = None
    secret_arn: Text | None = None
    database: Text | None = None

    @model_validator(mode="after")
    def _store_is_told_what_it_needs(self) -> Self:
        for name in NEEDED[self.store]:
            if getattr(self, name) is None:
                raise ValueError(f"{name} is missing: store {self.store} needs it")
        owners = {
            name: [store for store, names in NEEDED.items() if name in names]
            for names in NEEDED.values()
            for name in names
        }
        for name, stores in owners.items():
            if getattr(self, name) is not None and self.store not in stores:
                raise ValueError(
                    f"{name} goes with store {' or '.join(stores)}, and store is {self.store}: "
                    f"set {name} to null"
                )
        if self.store == "faiss" and self.region is not None:
            raise ValueError("region goes with a managed store, and store is faiss: set it to null")
        if self.store != "faiss" and self.hnsw is not None:
            raise ValueError(
                f"hnsw goes with store faiss, and {self.store} chooses its own: set hnsw to null"
            )
        return self

    @property
    def is_managed(self) -> bool:
        """Whether the vectors lie in a service instead of the package."""
        return self.store != "faiss"


class Weights(Section):
    """How much the ranks of each way count."""

    bm25: Weight = 1.0
    dense: Weight = 1.0

    @model_validator(mode="after")
    def _one_counts(self) -> Self:
        if self.bm25 + self.dense == 0:
            raise ValueError("bm25 and dense are both 0: give one of them a weight")
        return self


class Retrieval(Section):
    """How passages are found for a question; without `weights` they are chosen."""

    top_k: Annotated[int, Field(ge=1, le=100)] = 5
    candidates: Annotated[int, Field(ge=1, le=1000)] = 100
    weights: Weights | None = None
    reranker: Literal["none", "bedrock"] = "none"
    reranker_model: Text | None = None
    region: Text | None = None
    label_match: Literal["any", "all"] = "any"

    @field_validator("weights", mode="before")
    @classmethod
    def _words_or_weights(cls, weights: object) -> object:
        if weights == "auto":
            return None
        if weights is None or isinstance(weights, dict | Weights):
            return weights
        raise ValueError("write {bm25: 1, dense: 1}, or null to have them chosen")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.candidates < self.top_k:
            raise ValueError(
                f"candidates {self.candidates} is less than top_k {self.top_k}: passages are "
                "chosen among the candidates, so use more of them"
            )
        if self.reranker != "none" and self.reranker_model is None:
            raise ValueError(
                f"reranker_model is missing: reranker {self.reranker} needs the id of a model"
            )
        if self.reranker == "none":
            for name in ("reranker_model", "region"):
                if getattr(self, name) is not None:
                    raise ValueError(
                        f"{name} goes with a reranker, and reranker is none: set {name} to null"
                    )
        return self

    def settings(self) -> dict[str, Any]:
        """The section as the steps read it."""
        values = self.model_dump(mode="json")
        return values if self.weights is not None else {**values, "weights": "auto"}
