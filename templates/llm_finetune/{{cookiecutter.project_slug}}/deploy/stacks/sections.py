"""The sections of config/<stage>.yaml that only the endpoint of a language model has."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.alarm_config import AlarmConfig, AlarmSet, entry
from components.config_section import Section
from components.stage_config import EndpointSection

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
AmiVersion = Literal[
    "al2-ami-sagemaker-inference-gpu-2",
    "al2-ami-sagemaker-inference-gpu-2-1",
    "al2-ami-sagemaker-inference-gpu-3-1",
]


class HostSection(EndpointSection):
    """The instances that the model's copies run on."""

    ami_version: AmiVersion = Field(
        description="the instances' system: ...-gpu-3-1 for images with CUDA 13"
    )
    min_instances: int = Field(ge=0, description="0 (no cost while no copy runs) or more")
    max_instances: int = Field(ge=1, description="at least min_instances")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_instances < self.min_instances:
            raise ValueError(
                f"max_instances is {self.max_instances}, below min_instances"
                f" {self.min_instances}; raise the first or lower the second"
            )
        return self


class EngineSection(Section):
    """What the serving engine, vLLM, is told."""

    context_tokens: int = Field(
        ge=16, description="the longest prompt and answer together, in tokens"
    )
    concurrent_sequences: int = Field(
        ge=1, le=1024, description="answers that one copy writes at the same time"
    )
    gpu_memory_share: float = Field(ge=0.1, le=0.98, description="0.1 to 0.98 of each GPU's memory")


class CopiesSection(Section):
    """How many copies of the model there are, what each takes, and when that changes."""

    min: int = Field(ge=0, description="0 (scales to zero when nobody asks) or more copies")
    max: int = Field(ge=1, description="at least min copies")
    gpus: int = Field(ge=1, le=8, description="GPUs of one copy: 1 to 8")
    vcpus: float = Field(ge=0.25, description="virtual CPUs of one copy")
    memory_mib: int = Field(ge=128, description="memory of one copy besides its GPUs', in MiB")
    concurrent_requests: float = Field(
        gt=0, description="requests that one copy handles comfortably at the same time"
    )
    scale_out_cooldown_seconds: int = Field(ge=0, le=3600, description="0 to 3600 seconds")
    scale_in_cooldown_seconds: int = Field(ge=0, le=3600, description="0 to 3600 seconds")

    @property
    def automatic(self) -> bool:
        """Whether the number of copies follows the traffic."""
        return self.max > self.min

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max < self.min:
            raise ValueError(f"max is {self.max}, below min {self.min}; raise it or lower min")
        return self


class RollingUpdateSection(Section):
    """How copies of the running model are replaced by copies of the new one."""

    batch_percent: int = Field(
        ge=5, le=50, description="5 to 50 percent of the copies that are replaced at a time"
    )
    batch_wait_seconds: int = Field(
        ge=0, le=3600, description="0 to 3600 seconds of watching the alarms after each batch"
    )
    timeout_seconds: int = Field(
        ge=600, le=28800, description="600 to 28800 seconds for the whole update"
    )
    rollback_on_alarm: bool = Field(description="true, or false to deploy although alarms are red")

    @property
    def waits(self) -> dict[str, int]:
        """The periods in which alarms are watched, by the key that sets them, in seconds."""
        return {"batch_wait_seconds": self.batch_wait_seconds}


class ModelAlarms(AlarmSet):
    """The alarms on what SageMaker measures about the model's copies."""

    server_error_percent: AlarmConfig | None = Field(description=entry("percent of requests"))
    client_error_percent: AlarmConfig | None = Field(description=entry("percent of requests"))
    first_chunk_latency_p90_ms: AlarmConfig | None = Field(description=entry("milliseconds"))
    model_latency_p99_ms: AlarmConfig | None = Field(description=entry("milliseconds"))
    concurrent_requests_per_copy: AlarmConfig | None = Field(description=entry("requests"))
    accelerator_percent: AlarmConfig | None = Field(description=entry("percent"))
    accelerator_memory_percent: AlarmConfig | None = Field(description=entry("percent"))
    memory_percent: AlarmConfig | None = Field(description=entry("percent"))


class EngineAlarm(Section):
    """An alarm on what the engine itself reports; it notifies and never undoes a deployment."""

    threshold: float = Field(gt=0, description="a number above 0, in the unit of the alarm's name")
    minutes: int = Field(ge=1, le=60, description="red after 1 to 60 bad minutes")


class EngineAlarms(Section):
    """The alarms on the engine's own metrics; null switches one off."""

    first_token_p90_seconds: EngineAlarm | None = Field(
        description="null, or threshold (seconds until the first token) and minutes"
    )
    waiting_requests: EngineAlarm | None = Field(
        description="null, or threshold (requests in the engine's queue) and minutes"
    )
    slow_tokens_per_second: EngineAlarm | None = Field(
        description="null, or threshold (tokens a second of one answer, below is bad) and minutes"
    )


class AdapterSection(Section):
    """A base model that this project's adapter is laid over, shared with other adapters."""

    base_artifacts_uri: str = Field(
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9!_.*'()=-]+)+/$",
        description="s3://bucket/prefix/ of the base model's files, with a slash at the end",
    )
    image: Annotated[str, Field(pattern=r"^[0-9]{12}\.dkr\.ecr\.[a-z0-9.-]+/[a-z0-9._/:-]+$")] = (
        Field(description="the URI of the container image that serves base and adapters")
    )
    rank: int = Field(ge=1, le=512, description="the largest rank of an adapter")
    loaded: int = Field(ge=1, le=64, description="adapters that are in memory at the same time")


class CostSection(Section):
    """What the estimate of the costs needs to know."""

    instance_usd_per_hour: float = Field(
        gt=0, description="the price of one instance in the stage's Region, in USD"
    )
    tokens_per_second: float = Field(
        gt=0, description="what one copy wrote in a load test, over all requests together"
    )
    busy_hours_per_month: float = Field(
        gt=0, le=744, description="hours a month in which requests come, up to 744"
    )
