"""The sections `model` and `train` of config/pipeline.yaml: the base model and how it is tuned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from source.settings import require, section

METHODS = ("sft", "dpo", "sft+dpo")
TUNINGS = ("lora", "qlora", "full")
PRECISIONS = ("auto", "bf16", "fp32")
ATTENTIONS = ("auto", "flash_attention_2", "sdpa", "eager")
STRATEGIES = ("auto", "ddp", "fsdp")
WEIGHTS = ("adapter", "merged")
REVISION = re.compile(r"[0-9a-f]{40}")
HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
# The attention and feed-forward projections of the Llama, Qwen, Mistral, Gemma and OLMo families.
# `all-linear` would write the full path of every module into the adapter's configuration, which
# serving containers do not read.
PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class ModelSettings:
    """The base model: where it is, which version, its licence, and how many tokens a row may have.

    `source` is a folder of this repository (`models/tiny`), `s3://bucket/prefix/`, or `org/name` on
    the Hub, for which `revision`, a commit of 40 hexadecimal digits, is required.
    """

    source: str = "models/tiny"
    revision: str | None = None
    licence: str | None = None
    max_length: int = 1024

    def __post_init__(self) -> None:
        require(bool(self.source), "model.source: it is empty; name a folder, s3:// or org/name")
        require(self.max_length >= 8, f"model.max_length: {self.max_length}; use 8 tokens or more")
        if self.on_hub:
            require(
                self.revision is not None,
                f"model.revision: missing; {self.source} can change under its name, so give the "
                "commit of 40 hexadecimal digits that its page on the Hub shows",
            )
        if self.revision is not None:
            require(
                REVISION.fullmatch(self.revision) is not None,
                f"model.revision: {self.revision!r} is not a commit of 40 hexadecimal digits; "
                "branches and tags can move",
            )

    @property
    def on_hub(self) -> bool:
        """Whether the source is a name on the Hub; folders of the repository begin with models/."""
        return not self.source.startswith(("models/", "s3://")) and bool(
            HUB_NAME.fullmatch(self.source)
        )


@dataclass(frozen=True)
class LoraSettings:
    """The adapter: its rank, scale (alpha / rank), dropout, and the projections it adapts."""

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    target_modules: tuple[str, ...] = PROJECTIONS

    def __post_init__(self) -> None:
        require(self.rank >= 1, f"train.lora.rank: {self.rank}; use 1 or more")
        require(self.alpha >= 1, f"train.lora.alpha: {self.alpha}; use 1 or more")
        require(
            0 <= self.dropout < 1, f"train.lora.dropout: {self.dropout} is not from 0 to below 1"
        )
        require(
            bool(self.target_modules) and "all-linear" not in self.target_modules,
            f"train.lora.target_modules: {list(self.target_modules)}; name the projections, "
            f"such as {', '.join(PROJECTIONS)}",
        )


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when the validation loss has not fallen by `min_improvement` for `patience` rounds."""

    patience: int = 3
    min_improvement: float = 0.0

    def __post_init__(self) -> None:
        require(
            self.patience >= 1, f"train.early_stopping.patience: {self.patience}; use 1 or more"
        )
        require(
            self.min_improvement >= 0,
            f"train.early_stopping.min_improvement: {self.min_improvement}; use 0 or more",
        )


@dataclass(frozen=True)
class DpoSettings:
    """Direct preference optimisation: how far from the reference, how fast, how long."""

    beta: float = 0.1
    learning_rate: float = 5e-6
    epochs: float = 1.0

    def __post_init__(self) -> None:
        for name in ("beta", "learning_rate", "epochs"):
            value = getattr(self, name)
            require(value > 0, f"train.dpo.{name}: {value}; use a positive number")


@dataclass(frozen=True)
class TrainSettings:
    """How the base model is tuned."""

    method: str = "sft"
    tuning: str = "lora"
    lora: LoraSettings = field(default_factory=LoraSettings)
    epochs: float = 3.0
    learning_rate: float = 2e-4
    # Rows per device and forward pass; an optimiser step sees batch_size x gradient_accumulation
    # x devices of them.
    batch_size: int = 8
    gradient_accumulation: int = 1
    packing: bool = True
    completion_only: bool = True
    gradient_checkpointing: bool = True
    precision: str = "auto"
    attention: str = "auto"
    warmup_share: float = 0.03
    weight_decay: float = 0.0
    seed: int = 17
    early_stopping: EarlyStopping | None = None
    # Steps between two checkpoints; the validation loss is measured at the same steps.
    checkpoint_steps: int = 100
    dpo: DpoSettings = field(default_factory=DpoSettings)
    distributed: str = "auto"

    def __post_init__(self) -> None:
        choices = {
            "method": METHODS,
            "tuning": TUNINGS,
            "precision": PRECISIONS,
            "attention": ATTENTIONS,
            "distributed": STRATEGIES,
        }
        for name, allowed in choices.items():
            value = getattr(self, name)
            require(value in allowed, f"train.{name}: {value!r}; use one of {', '.join(allowed)}")
        for name in ("batch_size", "gradient_accumulation", "checkpoint_steps"):
            value = getattr(self, name)
            require(
                value >= 1 and value == int(value), f"train.{name}: {value}; use 1, 2, 3 and so on"
            )
        for name in ("epochs", "learning_rate"):
            value = getattr(self, name)
            require(value > 0, f"train.{name}: {value}; use a positive number")
        for name in ("warmup_share", "weight_decay"):
            value = getattr(self, name)
            require(0 <= value < 1, f"train.{name}: {value} is not from 0 to below 1")
        require(
            not (self.tuning == "qlora" and self.distributed == "fsdp"),
            "train.distributed: fsdp cannot shard the 4-bit weights of tuning qlora; use ddp, or "
            "tuning lora with fsdp",
        )

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages in their order: `sft`, `dpo`, or both."""
        return tuple(self.method.split("+"))


def model_settings(document: Mapping[str, Any]) -> ModelSettings:
    """The section `model`."""
    return section(ModelSettings, "model", document.get("model"))


def train_settings(document: Mapping[str, Any]) -> TrainSettings:
    """The section `train`."""
    return section(TrainSettings, "train", document.get("train"))


def registered_weights(document: Mapping[str, Any]) -> str:
    """`register.weights`: adapter (to be served on its base) or merged (a model of its own)."""
    weights = str((document.get("register") or {}).get("weights", "adapter"))
    require(weights in WEIGHTS, f"register.weights: {weights!r}; use one of {', '.join(WEIGHTS)}")
    return weights
