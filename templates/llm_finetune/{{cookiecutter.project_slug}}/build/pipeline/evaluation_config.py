"""The sections `evaluate`, `gate` and `register`: what is measured, demanded, and registered."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.accelerators import has_gpu
from pipeline.compute import InstanceType
from pipeline.section import Section

METRICS = ("exact_match", "f1", "rouge_l", "json_validity")
PERPLEXITY = "perplexity"
# A name in a module of this repository's own: it travels with the step's code.
OWN = re.compile(r"(?P<module>source(\.\w+)+):\w+", re.ASCII)

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Distance = Annotated[float, Field(ge=0.0)]


def _metric(name: str) -> str:
    if name not in METRICS and not OWN.fullmatch(name):
        raise ValueError(f"use {', '.join(METRICS)} or source.<module>:<function>")
    return name


class Judge(Section):
    """A model on Amazon Bedrock that grades answers."""

    model_id: Annotated[str, Field(min_length=1)]
    rubric: Annotated[str, Field(min_length=1)]
    region: str | None = None
    max_rows: Annotated[int, Field(ge=1)] = 50


class Evaluate(Section):
    """What is measured on the test split."""

    max_rows: Annotated[int, Field(ge=5)] = 200
    max_new_tokens: Annotated[int, Field(ge=1)] = 128
    metrics: Annotated[tuple[str, ...], Field(min_length=1)] = ("exact_match", "f1")
    general_set: str | None = "source.general_set:QUESTIONS"
    safety_set: str | None = "source.safety_set:PROMPTS"
    bootstrap_samples: Annotated[int, Field(ge=200)] = 2000
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.95
    suite: tuple[str, ...] = ()
    judge: Judge | None = None

    @field_validator("metrics")
    @classmethod
    def _known_metrics(cls, metrics: tuple[str, ...]) -> tuple[str, ...]:
        for name in metrics:
            _metric(name)
        return metrics

    @field_validator("general_set", "safety_set")
    @classmethod
    def _own_set(cls, name: str | None) -> str | None:
        if name is not None and not OWN.fullmatch(name):
            raise ValueError("write source.<module>:<NAME>, or null for none")
        return name


class Gate(Section):
    """What a tuned model must achieve to be registered."""

    metric: str = "exact_match"
    bound: float | None = None
    margin_over_base: Distance = 0.02
    max_general_drop: Share = 0.05
    max_unsafe_share: Share = 0.0
    tolerance_over_champion: Distance = 0.02

    @field_validator("metric")
    @classmethod
    def _known_metric(cls, metric: str) -> str:
        return metric if metric == PERPLEXITY else _metric(metric)


class Register(Section):
    """What is registered, and where it may be deployed."""

    weights: Literal["adapter", "merged"] = "merged"
    inference_instance_types: Annotated[tuple[InstanceType, ...], Field(min_length=1)] = (
        "ml.g6.xlarge",
    )

    @model_validator(mode="after")
    def _served_on_gpus(self) -> Self:
        slow = [name for name in self.inference_instance_types if not has_gpu(name)]
        if slow:
            raise ValueError(
                f"inference_instance_types has {', '.join(slow)}, and the serving container needs "
                "a GPU: use ml.g6.xlarge, say (`make plan` lists types)"
            )
        return self
