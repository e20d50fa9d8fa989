"""The section `generation` of config/pipeline.yaml: what writes answers, and when none is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from source.settings import require, section

EXTRACTIVE, BEDROCK = "extractive", "bedrock"
KINDS = (EXTRACTIVE, BEDROCK)
AUTO = "auto"
# How an endpoint's stage names a guardrail of its own.
GUARDRAIL_ID, GUARDRAIL_VERSION = "GUARDRAIL_ID", "GUARDRAIL_VERSION"
# Until validation questions have said better: passages that lack half of what is asked, by weight.
DEFAULT_MIN_SCORE = 0.5


@dataclass(frozen=True)
class GuardrailSettings:
    """A guardrail of Amazon Bedrock that sees question, passages and answer."""

    id: str
    version: str

    def __post_init__(self) -> None:
        require(bool(self.id), "generation.guardrail.id: it is empty")
        version = str(self.version)
        require(
            version == "DRAFT" or version.isdigit(),
            f"generation.guardrail.version: {version!r}; use a number or DRAFT",
        )


@dataclass(frozen=True)
class GenerationSettings:
    """`min_score` is the share of a question's words, rare ones weighing more, that the passages
    must have; below it the question is refused. `auto` is chosen on validation questions."""

    kind: str = EXTRACTIVE
    model_id: str | None = None
    region: str | None = None
    max_tokens: int = 512
    temperature: float = 0.0
    guardrail: GuardrailSettings | None = None
    min_score: float | str = AUTO
    usd_per_1k_input_tokens: float | None = None
    usd_per_1k_output_tokens: float | None = None

    def __post_init__(self) -> None:
        require(self.kind in KINDS, f"generation.kind: {self.kind!r}; use {' or '.join(KINDS)}")
        require(
            self.kind != BEDROCK or bool(self.model_id),
            "generation.model_id: it is missing; kind bedrock needs the id of a model or profile",
        )
        require(self.max_tokens >= 1, f"generation.max_tokens: {self.max_tokens}; use 1 or more")
        require(
            0 <= self.temperature <= 1,
            f"generation.temperature: {self.temperature}; use 0 to 1",
        )
        score = self.min_score
        require(
            score == AUTO or (isinstance(score, int | float) and 0 <= score <= 1),
            f"generation.min_score: {score!r}; use auto or a share from 0 to 1",
        )
        for name in ("usd_per_1k_input_tokens", "usd_per_1k_output_tokens"):
            price = getattr(self, name)
            require(price is None or price >= 0, f"generation.{name}: {price}; use 0 or more")


def generation_settings(document: Mapping[str, Any]) -> GenerationSettings:
    """The section `generation`. Raises `SettingsError`."""
    return section(GenerationSettings, "generation", document.get("generation"))


def with_stage_guardrail(
    settings: GenerationSettings, environment: Mapping[str, str]
) -> GenerationSettings:
    """The settings of a package with the guardrail that the endpoint's environment names, if any.

    Raises `SettingsError` for half a guardrail, and for one that would guard nothing.
    """
    id_, version = (environment.get(name, "") for name in (GUARDRAIL_ID, GUARDRAIL_VERSION))
    if not id_ and not version:
        return settings
    there, missing = (GUARDRAIL_ID, GUARDRAIL_VERSION) if id_ else (GUARDRAIL_VERSION, GUARDRAIL_ID)
    require(
        bool(id_ and version),
        f"{there} is {id_ or version!r} and {missing} is not set: set both, or neither",
    )
    valid = version == "DRAFT" or version.isdigit()
    require(valid, f"{GUARDRAIL_VERSION} is {version!r}; use a number or DRAFT")
    require(
        settings.kind == BEDROCK,
        f"{GUARDRAIL_ID} is {id_!r}, and this package asks no language model that it could guard "
        f"(generation.kind {settings.kind}): unset {GUARDRAIL_ID} and {GUARDRAIL_VERSION}",
    )
    return replace(settings, guardrail=GuardrailSettings(id_, version))
