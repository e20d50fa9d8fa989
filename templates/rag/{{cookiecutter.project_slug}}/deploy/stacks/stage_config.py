"""The schema of config/<stage>.yaml, with the checks that involve several of its sections."""

from typing import Self

from pydantic import Field, model_validator

from components.stage_config import StageConfig
from stacks.answer_alarms import AnswerAlarms
from stacks.models_config import ModelsSection
from stacks.monitoring.section import MonitoringSection
from stacks.sections import GroundedGuardrail, TracingSection

SCIKIT_LEARN = "sagemaker-scikit-learn"


class RetrievalStageConfig(StageConfig):
    """Everything that an ML engineer may change about one stage."""

    alarms: AnswerAlarms = Field(description="a section with one entry for each alarm")
    models: ModelsSection = Field(description="a section with answers and others")
    guardrail: GroundedGuardrail | None = Field(description="null, or strength and others")
    tracing: TracingSection | None = Field(description="null, or sampling_percent and others")
    monitoring: MonitoringSection | None = Field(description="null, or schedule and others")

    @property
    def needs_artifact(self) -> bool:
        """Monitoring runs the code of the package, and compares questions with its words."""
        return self.monitoring is not None

    @property
    def failure_shares(self) -> tuple[str, ...]:
        """With an index in which nothing is found, too, every question fails."""
        return (*super().failure_shares, "empty_percent")

    @model_validator(mode="after")
    def _requirements_can_be_installed(self) -> Self:
        if self.endpoint.network_isolation and self.container.repository == SCIKIT_LEARN:
            raise ValueError(
                f"endpoint.network_isolation is true, but {SCIKIT_LEARN} installs the package's"
                " code/requirements.txt when it starts; use false, or an image of your own that"
                " has them (compute.serving_image of the build repository)"
            )
        return self

    @model_validator(mode="after")
    def _models_can_be_reached(self) -> Self:
        if self.endpoint.network_isolation and (self.models.any or self.tracing is not None):
            raise ValueError(
                "endpoint.network_isolation is true, but the sections models and tracing name"
                " what the container calls; use false, or empty both"
            )
        return self

    @model_validator(mode="after")
    def _monitoring_has_something_to_look_at(self) -> Self:
        if self.monitoring is not None and not self.data_capture.enabled:
            raise ValueError(
                "monitoring is set but data_capture.enabled is false, so nothing is kept of what"
                " people ask; turn capture on, or set monitoring to null"
            )
        return self

    @model_validator(mode="after")
    def _guardrail_is_applied(self) -> Self:
        if self.guardrail is not None and not self.models.answers:
            raise ValueError(
                "guardrail is set but models.answers is empty: answers that quote passages pass"
                " no guardrail; set it to null, or name the models that write answers"
            )
        return self
