"""What comes from outside: documents, an encoder, questions, prompts, and what is there already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sagemaker.core.shapes import ProcessingInput
from sagemaker.core.workflow.parameters import ParameterString

from mlops.compile_sdk import Build
from pipeline.config import PipelineConfig
from pipeline.configuration import ConfigError
from pipeline.data_input import DataInput, data_input
from pipeline.jobs import folder

PROMPTS = "prompts"
# What an input holds where there is nothing: a job does not start on an empty folder.
NOTHING = {"none.json": b"null\n"}
# Outputs of an earlier run that a run starts from: those of Ingest, and those of Embed.
INGESTED, EMBEDDED = ("manifest", "encoder"), ("chunks", "vectors")


@dataclass(frozen=True)
class Inputs:
    """Inputs by what they are; `previous` maps an output's name to the parameter for it."""

    documents: DataInput
    encoder: str | None
    questions: str
    prompts: str
    previous: dict[str, ParameterString]

    @property
    def parameters(self) -> list[ParameterString]:
        """The pipeline's parameters that choose the data, and what is there already."""
        return [*self.documents.parameters, *self.previous.values()]

    def given_encoder(self) -> list[ProcessingInput]:
        """The input `encoder` of Ingest: a pretrained model's files, where there are any."""
        return [] if self.encoder is None else [folder("encoder", self.encoder)]

    def of_previous(self, outputs: Sequence[str]) -> list[ProcessingInput]:
        """Inputs that lie, by the names of the outputs, in the folder `previous`."""
        return [
            folder(f"previous-{name}", self.previous[name], place=f"previous/{name}")
            for name in outputs
        ]


def pipeline_inputs(build: Build, config: PipelineConfig) -> Inputs:
    """Stage what this repository has. Raises `ConfigError` for what is not there."""
    nothing = build.stage_files(NOTHING, "nothing")
    return Inputs(
        documents=data_input(
            build, config.data.source, query=config.data.query, kms_key=config.compute.kms_key
        ),
        encoder=_encoder(build, config),
        questions=_questions(build, config, nothing),
        prompts=_prompts(build),
        previous={
            name: ParameterString(f"Previous{name.title()}Uri", default_value=nothing)
            for name in (*INGESTED, *EMBEDDED)
        },
    )


def _encoder(build: Build, config: PipelineConfig) -> str | None:
    place = config.embedding.folder
    if place is None or place.startswith("s3://"):
        return place
    path = build.root / place
    if not path.is_dir() or not any(path.iterdir()):
        raise ConfigError(
            f"config/pipeline.yaml: embedding.model: {place!r} is no folder with a model in it; "
            "put the model's files there"
        )
    return build.stage_folder(path, "encoder")


def _questions(build: Build, config: PipelineConfig, nothing: str) -> str:
    file = config.questions_file
    if file is None:
        return nothing
    path = build.root / file
    if not path.is_file():
        raise ConfigError(
            f"config/pipeline.yaml: evaluate.questions: {file.as_posix()!r} does not exist; "
            "`make questions` writes one to start from"
        )
    return build.stage_files({path.name: path.read_bytes()}, "questions")


def _prompts(build: Build) -> str:
    files: dict[str, Any] = {
        path.name: path.read_bytes().replace(b"\r\n", b"\n")
        for path in sorted((build.root / PROMPTS).glob("*.md"))
    }
    if not files:
        raise ConfigError(f"{PROMPTS}/ holds no prompt: put answer.md back")
    return build.stage_files(files, PROMPTS)
