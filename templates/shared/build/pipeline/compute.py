"""The section `compute`: machines, limits and protection of the jobs in the cloud."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipeline.section import Section

InstanceType = Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]


class Job(Section):
    """The machine of one job."""

    instance_type: InstanceType = "ml.m5.large"
    volume_gb: Annotated[int, Field(ge=1, le=16384)] = 30
    max_runtime_minutes: Annotated[int, Field(ge=1, le=28 * 24 * 60)] = 60


class TrainingJob(Job):
    """The machine of the training job, which may be spot capacity."""

    spot: bool = False
    max_wait_minutes: Annotated[int, Field(ge=1)] = 240

    @model_validator(mode="after")
    def _waits_long_enough(self) -> Self:
        if self.spot and self.max_wait_minutes < self.max_runtime_minutes:
            raise ValueError(
                f"max_wait_minutes ({self.max_wait_minutes}) includes the run itself: "
                f"at least max_runtime_minutes ({self.max_runtime_minutes})"
            )
        return self


class Network(Section):
    """Where the jobs' network traffic may go."""

    subnets: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    isolated: bool = False

    @model_validator(mode="after")
    def _vpc_is_complete(self) -> Self:
        if bool(self.subnets) != bool(self.security_group_ids):
            raise ValueError("a VPC needs both subnets and security_group_ids: fill in the other")
        return self


class JobLimits(Section):
    """Limits and protection of all jobs in the cloud, whatever the steps are called."""

    cache_days: Annotated[int, Field(ge=0, le=365)] = 30
    kms_key: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:kms:[^:]+:[0-9]{12}:\S+$")] | None = (
        None
    )
    image: str | None = None
    package_repository: (
        Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:codeartifact:[^:]+:[0-9]{12}:repository/")]
        | None
    ) = None
    network: Network = Network()

    @model_validator(mode="after")
    def _isolation_needs_an_image(self) -> Self:
        if self.network.isolated and self.image is None:
            raise ValueError(
                "network.isolated is true, so the jobs cannot install source/requirements.txt: "
                "set image to one that has them"
            )
        return self


class Compute(JobLimits):
    """The same with the machines of a pipeline that trains; a use case may add to it."""

    prepare: Job = Job()
    train: TrainingJob = TrainingJob()
    evaluate: Job = Job()
