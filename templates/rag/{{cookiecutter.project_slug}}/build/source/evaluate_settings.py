"""The sections `evaluate` and `gate` of config/pipeline.yaml: what is measured and demanded."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from source.ranking_metrics import METRICS
from source.settings import require, section

GENERATED = "generated"


@dataclass(frozen=True)
class ModelSettings:
    """A model on Amazon Bedrock that writes questions or grades answers."""

    model_id: str
    region: str | None = None
    max_questions: int = 50

    def __post_init__(self) -> None:
        require(bool(self.model_id), "evaluate: a model_id is empty")
        require(self.max_questions >= 1, f"evaluate: max_questions {self.max_questions}; use 1 on")


@dataclass(frozen=True)
class EvaluateSettings:
    """What is measured. `questions` is `generated` or the file that holds them."""

    questions: str = GENERATED
    generated_questions: int = 200
    unanswerable: int = 20
    validation_share: float = 0.4
    question_model: ModelSettings | None = None
    judges: ModelSettings | None = None
    bootstrap_samples: int = 2000
    confidence: float = 0.95

    def __post_init__(self) -> None:
        limits = {"generated_questions": 10, "unanswerable": 0, "bootstrap_samples": 200}
        for name, least in limits.items():
            value = getattr(self, name)
            require(value >= least, f"evaluate.{name}: {value}; use {least} or more")
        require(
            0 < self.validation_share < 1,
            f"evaluate.validation_share: {self.validation_share}; use a share, say 0.4",
        )
        require(
            0.5 <= self.confidence < 1,
            f"evaluate.confidence: {self.confidence}; use 0.5 to below 1, say 0.95",
        )


@dataclass(frozen=True)
class GateSettings:
    """When an index may be registered. Tolerances are differences of the metric's value."""

    metric: str = "recall_at_5"
    bound: float | None = None
    tolerance_to_single_ways: float = 0.02
    min_citation_correct: float = 0.9
    min_refusal: float = 0.7
    min_answered: float = 0.6
    tolerance_over_champion: float = 0.02
    max_latency_ms: float | None = None

    def __post_init__(self) -> None:
        require(self.metric in METRICS, f"gate.metric: {self.metric!r}; use {', '.join(METRICS)}")
        for name in ("tolerance_to_single_ways", "tolerance_over_champion"):
            value = getattr(self, name)
            require(value >= 0 and math.isfinite(value), f"gate.{name}: {value}; use 0 or more")
        for name in ("min_citation_correct", "min_refusal", "min_answered"):
            value = getattr(self, name)
            require(0 <= value <= 1, f"gate.{name}: {value}; use a share from 0 to 1")
        limit = self.max_latency_ms
        require(limit is None or limit > 0, f"gate.max_latency_ms: {limit}; use more than 0")


def evaluate_settings(document: Mapping[str, Any]) -> EvaluateSettings:
    """The section `evaluate`. Raises `SettingsError`."""
    return section(EvaluateSettings, "evaluate", document.get("evaluate"))


def gate_settings(document: Mapping[str, Any], bound: float | None = None) -> GateSettings:
    """The section `gate`; the bound is a parameter of the pipeline and comes from outside."""
    settings = section(GateSettings, "gate", document.get("gate"))
    return dataclasses.replace(settings, bound=bound) if bound is not None else settings
