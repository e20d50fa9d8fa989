"""The section `monitor`: what the questions that an endpoint gets are held to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.section import Section

Days = Annotated[int, Field(ge=1, le=365)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Monitor(Section):
    """Which captured questions are compared with which, and what is too much."""

    window_days: Days = 7
    reference: Literal["earlier", "evaluated"] = "earlier"
    reference_days: Days = 28
    min_questions: Annotated[int, Field(ge=40)] = 100
    min_ratings: Annotated[int, Field(ge=1)] = 20
    confidence: Annotated[float, Field(ge=0.5, lt=1.0)] = 0.95
    significance: Annotated[float, Field(ge=0.001, lt=0.5)] = 0.01
    max_drift: Annotated[float, Field(ge=0.5, le=1.0)] | None = 0.65
    max_unknown_words: Share | None = 0.3
    max_empty: Share | None = 0.1
    max_refused: Share | None = 0.5
    max_disliked: Share | None = 0.5
