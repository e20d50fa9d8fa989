"""`config/pipeline.yaml`, checked: what may be set, and what each step is given."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.answer_config import GENERATED, Evaluate, Gate, Generation
from pipeline.configuration import CONFIG_FILE, read_config
from pipeline.index_config import Chunk, Embedding, Index, Retrieval, Text
from pipeline.machines import Machines
from pipeline.monitor_config import Monitor
from pipeline.section import Section
from pipeline.sources import check_source, source_kind

# Files that can be the whole corpus; a folder may hold any of them.
SUFFIXES = (".csv", ".tsv", ".parquet", ".md", ".txt", ".html", ".pdf", ".docx")
TABLES = ("csv", "parquet")

Format = Literal["text", "markdown", "html", "pdf", "docx", "csv", "parquet"]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Step = Literal["Ingest", "Embed", "Index", "Evaluate"]


class Data(Section):
    """The documents: where they are, what they are, and who may see them."""

    source: str
    query: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    licence: Text | None = None
    formats: Annotated[tuple[Format, ...], Field(min_length=1)] = (
        "text",
        "markdown",
        "html",
        "pdf",
        "docx",
        "csv",
        "parquet",
    )
    text_column: Text | None = None
    id_column: Text | None = None
    title_column: Text | None = None
    metadata_columns: tuple[Text, ...] = ()
    label_rule: str | None = None
    max_broken_share: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.02
    near_duplicate_threshold: Annotated[float, Field(gt=0.0, le=1.0)] = 0.9
    languages: tuple[Language, ...] = ()
    minimum_documents: Annotated[int, Field(ge=1)] = 1

    @field_validator("source")
    @classmethod
    def _known_source(cls, source: str) -> str:
        return check_source(source, SUFFIXES, folders=True)

    @field_validator("label_rule")
    @classmethod
    def _known_rule(cls, rule: str | None) -> str | None:
        if rule is not None and not re.fullmatch(r"folder|metadata:\S.*", rule):
            raise ValueError("write null, folder, or metadata:<name>")
        return rule

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        catalog = source_kind(self.source) == "athena"
        if self.query is not None and not catalog:
            raise ValueError(
                f"query goes with an athena:// source only, and source is {self.source!r}: "
                "set query to null"
            )
        if catalog and "parquet" not in self.formats:
            raise ValueError(
                "formats leaves out parquet, which is how rows of the catalog arrive: add it"
            )
        if not set(TABLES) & set(self.formats):
            for name in ("text_column", "id_column", "title_column", "metadata_columns"):
                if getattr(self, name):
                    raise ValueError(
                        f"{name} is a column of tables, and formats has neither csv nor parquet: "
                        "add one of them, or take the column out"
                    )
        return self


class PipelineConfig(Section):
    """The whole of `config/pipeline.yaml`."""

    data: Data
    chunk: Chunk = Chunk()
    embedding: Embedding = Embedding()
    index: Index = Index()
    retrieval: Retrieval = Retrieval()
    generation: Generation = Generation()
    evaluate: Evaluate = Evaluate()
    gate: Gate = Gate()
    monitor: Monitor = Monitor()
    compute: Machines = Machines()

    @model_validator(mode="after")
    def _isolated_jobs_ask_nobody(self) -> Self:
        if not self.compute.network.isolated:
            return self
        asked = {
            f"embedding.kind {self.embedding.kind}": self.embedding.is_remote,
            f"index.store {self.index.store}": self.index.is_managed,
            f"retrieval.reranker {self.retrieval.reranker}": self.retrieval.reranker != "none",
            f"generation.kind {self.generation.kind}": self.generation.kind == "bedrock",
            "evaluate.question_model": self.evaluate.question_model is not None,
            "evaluate.judges": self.evaluate.judges is not None,
        }
        for what, is_asked in asked.items():
            if is_asked:
                raise ValueError(
                    f"compute.network.isolated is true, so the jobs cannot ask the service that "
                    f"{what} needs: set isolated to false and name a VPC with endpoints for it, or "
                    "choose what runs inside the jobs"
                )
        return self

    @model_validator(mode="after")
    def _enough_passages_for_the_metric(self) -> Self:
        depth = {"recall_at_5": 5, "mrr": 10, "ndcg_at_10": 10}[self.gate.metric]
        if self.retrieval.candidates < depth:
            raise ValueError(
                f"retrieval.candidates {self.retrieval.candidates} is less than the {depth} "
                f"passages that gate.metric {self.gate.metric} looks at: use more candidates"
            )
        return self

    def for_step(self, step: Step) -> dict[str, Any]:
        """The keys that the step reads, nested as in the file; becomes its `settings.json`.

        A step is not given what it does not read, so that editing that does not repeat it: not
        the data's address, which is an input, nor the gate's bound, which is an argument.
        """
        embedding = self.embedding.model_dump(mode="json")
        if step == "Ingest":
            data = self.data.model_dump(mode="json", exclude={"source", "query", "licence"})
            return {"data": data, "chunk": self.chunk.model_dump(), "embedding": embedding}
        if step == "Embed":
            del embedding["refit_share"]
            return {"chunk": self.chunk.model_dump(), "embedding": embedding}
        evaluate = self.evaluate.model_dump(mode="json")
        if step == "Index":
            return {
                "data": {"licence": self.data.licence, "source": self.data.source},
                "index": self.index.model_dump(mode="json"),
                "retrieval": self.retrieval.settings(),
                "generation": self.generation.model_dump(mode="json"),
                "evaluate": {key: evaluate[key] for key in self.chosen_by},
                "gate": {"metric": self.gate.metric},
                "monitor": self.monitor.model_dump(mode="json"),
            }
        return {
            "evaluate": evaluate,
            "gate": self.gate.model_dump(mode="json", exclude={"bound"}),
        }

    @property
    def chosen_by(self) -> tuple[str, ...]:
        """Keys of `evaluate` that decide on the questions by which Index chooses its weights."""
        return (
            "questions",
            "generated_questions",
            "unanswerable",
            "validation_share",
            "question_model",
        )

    @property
    def questions_file(self) -> Path | None:
        """The file of reviewed questions, where one is named."""
        return None if self.evaluate.questions == GENERATED else Path(self.evaluate.questions)


def load_config(path: Path = CONFIG_FILE) -> PipelineConfig:
    """Read and check `path`; raises `ConfigError` with every problem at once."""
    return read_config(path, PipelineConfig)
