"""The sections `generation`, `evaluate` and `gate`: who answers, what is measured and demanded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.section import Section

GENERATED = "generated"

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Distance = Annotated[float, Field(ge=0.0)]
Text = Annotated[str, Field(min_length=1)]


class Guardrail(Section):
    """A guardrail of Amazon Bedrock that sees question, passages and answer."""

    id: Text
    version: Annotated[str, Field(pattern=r"^(DRAFT|[0-9]{1,8})$")]


class Generation(Section):
    """Who writes the answers, and when a question is refused."""

    kind: Literal["extractive", "bedrock"] = "extractive"
    model_id: Text | None = None
    region: Text | None = None
    max_tokens: Annotated[int, Field(ge=1)] = 512
    temperature: Share = 0.0
    guardrail: Guardrail | None = None
    min_score: Share | Literal["auto"] = "auto"
    usd_per_1k_input_tokens: Distance | None = None
    usd_per_1k_output_tokens: Distance | None = None

    @field_validator("min_score", mode="before")
    @classmethod
    def _a_share_or_auto(cls, score: object) -> object:
        number = isinstance(score, int | float) and not isinstance(score, bool)
        if score == "auto" or (number and 0 <= float(str(score)) <= 1):
            return score
        raise ValueError("write auto, or a share from 0 to 1")

    @model_validator(mode="after")
    def _model_fits_the_kind(self) -> Self:
        if self.kind == "bedrock" and self.model_id is None:
            raise ValueError(
                "model_id is missing: kind bedrock needs the id of a model or inference profile"
            )
        if self.kind == "extractive":
            for name in (
                "model_id",
                "region",
                "guardrail",
                "usd_per_1k_input_tokens",
                "usd_per_1k_output_tokens",
            ):
                if getattr(self, name) is not None:
                    raise ValueError(
                        f"{name} goes with kind bedrock, and kind is extractive: set {name} to "
                        "null, or kind to bedrock"
                    )
        return self


class AskedModel(Section):
    """A model on Amazon Bedrock that writes questions or grades answers."""

    model_id: Text
    region: Text | None = None
    max_questions: Annotated[int, Field(ge=1)] = 50


class Evaluate(Section):
    """What is measured, on which questions."""

    questions: Text = GENERATED
    generated_questions: Annotated[int, Field(ge=10)] = 200
    unanswerable: Annotated[int, Field(ge=0)] = 20
    validation_share: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.4
    question_model: AskedModel | None = None
    judges: AskedModel | None = None
    bootstrap_samples: Annotated[int, Field(ge=200)] = 2000
    confidence: Annotated[float, Field(ge=0.5, lt=1.0)] = 0.95

    @field_validator("questions")
    @classmethod
    def _generated_or_a_file(cls, questions: str) -> str:
        if questions == GENERATED:
            return questions
        path = Path(questions)
        if path.suffix != ".jsonl" or "://" in questions:
            raise ValueError("write generated, or a .jsonl file such as questions/questions.jsonl")
        if path.is_absolute() or ".." in path.parts:
            raise ValueError("use a path inside the repository, such as questions/questions.jsonl")
        return questions

    @model_validator(mode="after")
    def _somebody_is_asked(self) -> Self:
        if self.question_model is not None and self.questions != GENERATED:
            raise ValueError(
                f"question_model writes questions, and questions names {self.questions!r}: set "
                "question_model to null, or questions to generated"
            )
        return self


class Gate(Section):
    """What an index must achieve to be registered."""

    metric: Literal["recall_at_5", "mrr", "ndcg_at_10"] = "recall_at_5"
    bound: Share | None = None
    tolerance_to_single_ways: Distance = 0.02
    min_citation_correct: Share = 0.9
    min_refusal: Share = 0.7
    min_answered: Share = 0.6
    tolerance_over_champion: Distance = 0.02
    max_latency_ms: Annotated[float, Field(gt=0)] | None = None
