"""The schema of a Bedrock guardrail in config/<stage>.yaml."""

from typing import Literal

from pydantic import Field

from components.config_section import Section


class GuardrailSection(Section):
    """A Bedrock guardrail before and behind a language model."""

    strength: Literal["LOW", "MEDIUM", "HIGH"] = Field(description="LOW, MEDIUM or HIGH")
    refusal: str = Field(min_length=1, max_length=500, description="what a blocked caller reads")
    mask_personal_data: bool = Field(description="true or false")
