"""The schema of config/<stage>.yaml, with the checks that involve several of its sections.

A model that does not fit on its instance fails half an hour into a deployment, and a context
that does not fit in the memory left by the weights only when the first long request comes:
both are refused here, with the figures.
"""

from typing import Self

from pydantic import Field, model_validator

from components.guardrail_config import GuardrailSection
from components.rollback_guard import check_guards
from components.stage_config import StageSections
from stacks.accelerators import INSTANCES, Accelerators
from stacks.model_size import ModelSection
from stacks.sections import (
    AdapterSection,
    CopiesSection,
    CostSection,
    EngineAlarms,
    EngineSection,
    HostSection,
    ModelAlarms,
    RollingUpdateSection,
)


class StageConfig(StageSections):
    """Everything that an ML engineer may change about one stage."""

    endpoint: HostSection = Field(description="a section with instance_type and others")
    model: ModelSection = Field(description="a section with parameters_millions and others")
    engine: EngineSection = Field(description="a section with context_tokens and others")
    copies: CopiesSection = Field(description="a section with min, max and others")
    rollout: RollingUpdateSection = Field(description="a section with batch_percent and others")
    alarms: ModelAlarms = Field(description="a section with one entry for each alarm")
    engine_alarms: EngineAlarms = Field(description="a section with one entry for each alarm")
    adapter: AdapterSection | None = Field(description="null, or base_artifacts_uri and others")
    guardrail: GuardrailSection | None = Field(description="null, or strength and others")
    cost: CostSection | None = Field(description="null, or instance_usd_per_hour and others")

    def immediate(self) -> Self:
        """The same stage, with an update that neither waits nor looks at alarms."""
        changes = {"batch_percent": 50, "batch_wait_seconds": 0, "rollback_on_alarm": False}
        return self.model_copy(update={"rollout": self.rollout.model_copy(update=changes)})

    @property
    def needs_artifact(self) -> bool:
        """An adapter is named by its file: SageMaker does not take it from the package."""
        return self.adapter is not None

    @property
    def host(self) -> Accelerators:
        """What one instance has."""
        return INSTANCES[self.endpoint.instance_type]

    @property
    def copies_per_instance(self) -> int:
        """Copies that fit on one instance side by side."""
        host, copies = self.host, self.copies
        by_memory = int(1024 * host.memory_gib // copies.memory_mib)
        return min(host.count // copies.gpus, int(host.vcpus // copies.vcpus), by_memory)

    @property
    def tokens_in_memory(self) -> int:
        """Tokens of prompts and answers that one copy can keep in its GPUs' memory."""
        return self.model.room_for_tokens(
            gpus=self.copies.gpus,
            gpu_memory_gib=self.host.gpu_memory_gib,
            share=self.engine.gpu_memory_share,
        )

    @model_validator(mode="after")
    def _instance_has_gpus(self) -> Self:
        if self.endpoint.instance_type not in INSTANCES:
            families = ", ".join(sorted({name.rsplit(".", 1)[0] for name in INSTANCES}))
            raise ValueError(
                f"endpoint.instance_type is {self.endpoint.instance_type}, which has no GPU that"
                f" this project knows; use a size of {families}"
            )
        return self

    @model_validator(mode="after")
    def _copy_fits_on_an_instance(self) -> Self:
        host, copies, name = self.host, self.copies, self.endpoint.instance_type
        if copies.gpus > host.count:
            raise ValueError(
                f"copies.gpus is {copies.gpus}, but {name} has {host.count}; lower it, or use an"
                " instance type with more"
            )
        if self.model.key_value_heads % copies.gpus and copies.gpus % self.model.key_value_heads:
            raise ValueError(
                f"copies.gpus is {copies.gpus}: the model's {self.model.key_value_heads}"
                " key-value heads cannot be spread evenly over them; use a divisor or a multiple"
            )
        if self.model.attention_heads % copies.gpus:
            raise ValueError(
                f"copies.gpus is {copies.gpus}, no divisor of the model's"
                f" {self.model.attention_heads} attention heads; use one"
            )
        if self.copies_per_instance < 1:
            raise ValueError(
                f"one copy takes {copies.vcpus:g} vCPUs and {copies.memory_mib} MiB, but {name}"
                f" has {host.vcpus} and {1024 * host.memory_gib}; lower copies.vcpus or"
                " copies.memory_mib"
            )
        return self

    @model_validator(mode="after")
    def _model_fits_in_memory(self) -> Self:
        engine, model = self.engine, self.model
        gpus = f"{self.copies.gpus} x {self.host.model}"
        if engine.context_tokens > model.longest_context_tokens:
            raise ValueError(
                f"engine.context_tokens is {engine.context_tokens}, but the model was made for"
                f" {model.longest_context_tokens}; lower it"
            )
        if self.tokens_in_memory < engine.context_tokens:
            raise ValueError(
                f"{gpus} with {self.host.gpu_memory_gib:g} GiB each hold the weights"
                f" ({model.weights_gib:.1f} GiB) and {self.tokens_in_memory} tokens, fewer than"
                f" engine.context_tokens {engine.context_tokens}; lower that, or use more or"
                f" larger GPUs (a context of {engine.context_tokens} takes"
                f" {model.cache_gib(engine.context_tokens):.1f} GiB)"
            )
        return self

    @model_validator(mode="after")
    def _copies_find_instances(self) -> Self:
        room = self.endpoint.max_instances * self.copies_per_instance
        if self.copies.max > room:
            raise ValueError(
                f"copies.max is {self.copies.max}, but {self.endpoint.max_instances} instances"
                f" hold {room}; raise endpoint.max_instances or lower copies.max"
            )
        if self.copies.concurrent_requests > self.engine.concurrent_sequences:
            raise ValueError(
                f"copies.concurrent_requests is {self.copies.concurrent_requests:g}, more than"
                f" the engine answers at the same time ({self.engine.concurrent_sequences}):"
                " requests would queue before a copy is added; lower it"
            )
        if self.copies.min == 0 and not self.copies.automatic:
            raise ValueError("copies.min and copies.max are both 0: nothing would ever answer")
        if self.endpoint.min_instances > 0 and self.copies.min == 0:
            raise ValueError(
                f"copies.min is 0 but endpoint.min_instances is {self.endpoint.min_instances}:"
                " idle instances cost money for nothing; set it to 0"
            )
        return self

    @model_validator(mode="after")
    def _alarms_can_stop_a_bad_model(self) -> Self:
        if self.rollout.rollback_on_alarm:
            check_guards(self.alarms, self.rollout.waits)
        return self
