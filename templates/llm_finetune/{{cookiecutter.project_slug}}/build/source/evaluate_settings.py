"""The sections `evaluate` and `gate` of config/pipeline.yaml: what is measured and demanded."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from source.settings import require, section

METRICS = ("exact_match", "f1", "rouge_l", "json_validity")
PERPLEXITY = "perplexity"


@dataclass(frozen=True)
class JudgeSettings:
    """A model on Amazon Bedrock that grades answers."""

    model_id: str
    rubric: str
    region: str | None = None
    max_rows: int = 50

    def __post_init__(self) -> None:
        require(bool(self.model_id), "evaluate.judge.model_id: it is empty")
        require(bool(self.rubric.strip()), "evaluate.judge.rubric: it is empty; say what counts")
        require(self.max_rows >= 1, f"evaluate.judge.max_rows: {self.max_rows}; use 1 or more")


@dataclass(frozen=True)
class EvaluateSettings:
    """What is measured. `module:name` names a function or list in a module of this repository."""

    max_rows: int = 200
    max_new_tokens: int = 128
    metrics: tuple[str, ...] = ("exact_match", "f1")
    general_set: str | None = "source.general_set:QUESTIONS"
    safety_set: str | None = "source.safety_set:PROMPTS"
    bootstrap_samples: int = 2000
    confidence: float = 0.95
    suite: tuple[str, ...] = ()
    judge: JudgeSettings | None = None

    def __post_init__(self) -> None:
        require(bool(self.metrics), "evaluate.metrics: it is empty; name one metric at least")
        for name in self.metrics:
            require(
                name in METRICS or ":" in name,
                f"evaluate.metrics: {name!r}; use {', '.join(METRICS)} or module:function",
            )
        limits = {"max_rows": 5, "max_new_tokens": 1, "bootstrap_samples": 200}
        for name, least in limits.items():
            value = getattr(self, name)
            require(value >= least, f"evaluate.{name}: {value}; use {least} or more")
        require(
            0.5 <= self.confidence < 1,
            f"evaluate.confidence: {self.confidence}; use 0.5 to below 1, say 0.95",
        )


@dataclass(frozen=True)
class GateSettings:
    """When a model may be registered. Margins, drops and tolerances are differences of values."""

    metric: str = "exact_match"
    bound: float | None = None
    margin_over_base: float = 0.02
    max_general_drop: float = 0.05
    max_unsafe_share: float = 0.0
    tolerance_over_champion: float = 0.02

    def __post_init__(self) -> None:
        require(
            self.metric in (*METRICS, PERPLEXITY) or ":" in self.metric,
            f"gate.metric: {self.metric!r}; use {', '.join(METRICS)}, perplexity or "
            "module:function",
        )
        for name in ("margin_over_base", "tolerance_over_champion"):
            value = getattr(self, name)
            require(
                value >= 0 and math.isfinite(value),
                f"gate.{name}: {value}; use 0 or more",
            )
        for name in ("max_general_drop", "max_unsafe_share"):
            value = getattr(self, name)
            require(0 <= value <= 1, f"gate.{name}: {value}; use a share from 0 to 1")


def evaluate_settings(document: Mapping[str, Any]) -> EvaluateSettings:
    """The section `evaluate`, with the gate's metric among those that are measured."""
    settings = section(EvaluateSettings, "evaluate", document.get("evaluate"))
    asked = gate_settings(document).metric
    if asked == PERPLEXITY or asked in settings.metrics:
        return settings
    return dataclasses.replace(settings, metrics=(asked, *settings.metrics))


def gate_settings(document: Mapping[str, Any], bound: float | None = None) -> GateSettings:
    """The section `gate`; the bound is a parameter of the pipeline and comes from outside."""
    settings = section(GateSettings, "gate", document.get("gate"))
    return dataclasses.replace(settings, bound=bound) if bound is not None else settings
