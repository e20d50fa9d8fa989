"""The sections of config/<stage>.yaml about the safety of answers, and about their traces."""

from pydantic import Field

from components.config_section import Section
from components.guardrail_config import GuardrailSection


class GroundedGuardrail(GuardrailSection):
    """A guardrail that also compares an answer with its passages and its question."""

    grounding: float | None = Field(
        ge=0, le=0.99, description="0 to 0.99, or null: an answer that follows less is blocked"
    )
    relevance: float | None = Field(
        ge=0, le=0.99, description="0 to 0.99, or null: an answer that is less about it is blocked"
    )

    @property
    def checks(self) -> dict[str, float]:
        """The thresholds by the names that Bedrock gives to the checks."""
        wanted = {"GROUNDING": self.grounding, "RELEVANCE": self.relevance}
        return {name: threshold for name, threshold in wanted.items() if threshold is not None}


class TracingSection(Section):
    """Traces of answers in the project's MLflow."""

    sampling_percent: float = Field(
        gt=0, le=100, description="above 0, up to 100 percent of the answers"
    )
    artifacts_uri: str | None = Field(
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9!_.*'()=-]+)+/?$",
        description="s3://bucket/prefix of the tracking server's artifacts, or null",
    )
