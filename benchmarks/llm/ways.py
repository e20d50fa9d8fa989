"""The ways to tune a model that are compared, and where the template's code is."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BUILD = (
    Path(__file__).resolve().parents[2]
    / "templates"
    / "llm_finetune"
    / "{{cookiecutter.project_slug}}"
    / "build"
)
RANK = 16
PLAIN = "plain TRL"
TEMPLATE = "template"


@dataclass(frozen=True)
class Way:
    """A way to train. `settings` are laid over the template's defaults; None is TRL's own."""

    name: str
    settings: dict[str, Any] | None = field(default_factory=dict)


# Plain TRL and the template's defaults, then the defaults with one decision taken back each.
WAYS = (
    Way(PLAIN, None),
    Way(TEMPLATE),
    Way("rows padded, not packed", {"packing": False}),
    Way("torch's own attention", {"attention": "sdpa"}),
    Way("activations kept", {"gradient_checkpointing": False}),
)


@dataclass(frozen=True)
class Task:
    """What a worker measures."""

    shape: str
    tuning: str
    way: str
    max_length: int
    steps: int
    warm_up: int


@dataclass(frozen=True)
class Measured:
    """What a worker saw; the figures are None and `failure` says why when it could not train."""

    device: str
    parameters: int
    tokens_per_second: float | None
    peak_gib: float | None
    flops_per_token: float
    notes: list[str]
    failure: str | None = None


def row_lengths(rows: int, longest: int, seed: int = 7) -> list[int]:
    """Lengths of instruction rows: most are short, some are cut at the longest."""
    chooser = random.Random(seed)
    drawn = (int(chooser.lognormvariate(5.7, 0.7)) for _ in range(rows))
    return [min(longest, max(16, length)) for length in drawn]
