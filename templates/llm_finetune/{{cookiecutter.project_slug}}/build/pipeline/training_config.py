"""The sections `model` and `train`: the base model, and how it is tuned."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.section import Section
from pipeline.sources import S3

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
REVISION = re.compile(r"[0-9a-f]{40}")
FOLDER = "models/"

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0.0, lt=1.0)]


class Model(Section):
    """The base model."""

    source: str = "models/tiny"
    revision: str | None = None
    licence: str | None = None
    max_length: Annotated[int, Field(ge=8)] = 1024

    @field_validator("source")
    @classmethod
    def _known_source(cls, source: str) -> str:
        if source.startswith("s3://"):
            if not S3.fullmatch(source):
                raise ValueError("write s3://bucket/prefix/")
        elif source.startswith(FOLDER):
            if ".." in Path(source).parts:
                raise ValueError("use a folder inside models/, such as models/tiny")
        elif not HUB_NAME.fullmatch(source):
            raise ValueError(
                "use a folder such as models/tiny, s3://bucket/prefix/ or org/name on the Hub"
            )
        return source

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if self.on_hub and self.revision is None:
            raise ValueError(
                f"revision is missing: {self.source} can change under its name, so give the "
                "commit of 40 hexadecimal digits that its page on the Hub shows"
            )
        if self.revision is not None and not REVISION.fullmatch(self.revision):
            raise ValueError(
                f"revision {self.revision!r} is not a commit of 40 hexadecimal digits; branches "
                "and tags can move"
            )
        if self.revision is not None and not self.on_hub:
            raise ValueError(
                f"revision goes with a model on the Hub, and source is {self.source!r}: set "
                "revision to null"
            )
        return self

    @property
    def on_hub(self) -> bool:
        """Whether the jobs read it from the Hub themselves."""
        return not self.source.startswith(("s3://", FOLDER))

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of this repository."""
        return self.source.startswith(FOLDER)


class Lora(Section):
    """The adapter."""

    rank: Annotated[int, Field(ge=1, le=1024)] = 16
    alpha: Annotated[int, Field(ge=1)] = 32
    dropout: Share = 0.0
    target_modules: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "q_proj",
        "k_proj",
        "v_proj",
        "o_proj",
        "gate_proj",
        "up_proj",
        "down_proj",
    )

    @field_validator("target_modules")
    @classmethod
    def _named(cls, modules: tuple[str, ...]) -> tuple[str, ...]:
        if "all-linear" in modules:
            raise ValueError("name the projections: serving containers do not read all-linear")
        return modules


class EarlyStopping(Section):
    """When to stop because the validation loss does not fall any more."""

    patience: Annotated[int, Field(ge=1)] = 3
    min_improvement: Annotated[float, Field(ge=0)] = 0.0


class Dpo(Section):
    """Direct preference optimisation."""

    beta: Positive = 0.1
    learning_rate: Positive = 5e-6
    epochs: Positive = 1.0


class Train(Section):
    """How the base model is tuned."""

    method: Literal["sft", "dpo", "sft+dpo"] = "sft"
    tuning: Literal["lora", "qlora", "full"] = "lora"
    lora: Lora = Lora()
    epochs: Positive = 3.0
    learning_rate: Positive = 2e-4
    batch_size: Annotated[int, Field(ge=1)] = 8
    gradient_accumulation: Annotated[int, Field(ge=1)] = 1
    packing: bool = True
    completion_only: bool = True
    gradient_checkpointing: bool = True
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    attention: Literal["auto", "flash_attention_2", "sdpa", "eager"] = "auto"
    warmup_share: Share = 0.03
    weight_decay: Share = 0.0
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 17
    early_stopping: EarlyStopping | None = None
    checkpoint_steps: Annotated[int, Field(ge=1)] = 100
    dpo: Dpo = Dpo()
    distributed: Literal["auto", "ddp", "fsdp"] = "auto"

    @model_validator(mode="after")
    def _combinations_that_run(self) -> Self:
        if self.tuning == "qlora" and self.distributed == "fsdp":
            raise ValueError(
                "distributed fsdp cannot shard the 4-bit weights of tuning qlora: use "
                "distributed ddp, or tuning lora"
            )
        if self.precision == "fp32" and self.attention == "flash_attention_2":
            raise ValueError(
                "attention flash_attention_2 takes 16-bit numbers and precision is fp32: use "
                "attention sdpa, or precision bf16"
            )
        return self

    @property
    def prefers(self) -> bool:
        """Whether preferences are learnt from."""
        return self.method != "sft"
