"""The schema of config/<stage>.yaml: every value is checked before anything is built.

Checks that involve two values are here too, because AWS reports most of them only in the
middle of a deployment, or never: a canary too small to trip its alarm passes silently.
"""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from components.alarm_config import AlarmsConfig
from components.config_section import Section
from components.errors import ConfigurationError, describe
from components.instance_types import INSTANCE_TYPE_PATTERN
from components.rollback_guard import check_guards
from components.rollout_config import RolloutSection
from components.settings import ACCOUNT_PATTERN
from components.strict_yaml import read_yaml

CONFIG_DIRECTORY = Path("config")

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


class VpcConfig(Section):
    """Where the model's network interfaces are placed."""

    subnet_ids: list[Annotated[str, Field(pattern=r"^subnet-[0-9a-f]+$")]] = Field(
        min_length=1, max_length=16, description="1 to 16 subnet ids such as subnet-0a1b2c3d"
    )
    security_group_ids: list[Annotated[str, Field(pattern=r"^sg-[0-9a-f]+$")]] = Field(
        min_length=1, max_length=5, description="1 to 5 security group ids such as sg-0a1b2c3d"
    )


class EndpointSection(Section):
    """One instance of the endpoint."""

    instance_type: str = Field(
        pattern=INSTANCE_TYPE_PATTERN, description="a hosting instance type such as ml.m5.large"
    )
    network_isolation: bool = Field(
        description="true (the container has no network) or false (it may call out)"
    )
    startup_timeout_seconds: int = Field(
        ge=60, le=3600, description="60 to 3600 seconds for the container to answer /ping"
    )
    download_timeout_seconds: int = Field(
        ge=60, le=3600, description="60 to 3600 seconds to fetch and unpack the model"
    )
    environment: dict[str, str] = Field(
        default_factory=dict, description="variable names with quoted values"
    )
    vpc: VpcConfig | None = Field(None, description="null, or subnet_ids and security_group_ids")


class ScalingSection(Section):
    """How many instances there are, and when that changes."""

    min_instances: int = Field(ge=1, description="a whole number of instances, at least 1")
    max_instances: int = Field(ge=1, description="a whole number, at least min_instances")
    invocations_per_instance_per_minute: int = Field(
        ge=1, description="requests a minute that one instance handles comfortably, at least 1"
    )
    scale_out_cooldown_seconds: int = Field(ge=0, le=3600, description="0 to 3600 seconds")
    scale_in_cooldown_seconds: int = Field(ge=0, le=3600, description="0 to 3600 seconds")

    @property
    def automatic(self) -> bool:
        """Whether the number of instances follows the traffic."""
        return self.max_instances > self.min_instances

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_instances < self.min_instances:
            raise ValueError(
                f"max_instances is {self.max_instances}, below min_instances"
                f" {self.min_instances}; raise the first or lower the second"
            )
        return self


class DataCaptureSection(Section):
    """Requests and answers that are kept, for drift detection and audits."""

    enabled: bool = Field(description="true or false")
    sampling_percent: int = Field(ge=1, le=100, description="1 to 100 percent of the requests")
    retention_days: int = Field(ge=1, le=3650, description="1 to 3650 days")


class LogsSection(Section):
    """The container's log."""

    retention_days: int = Field(description=f"one of {', '.join(map(str, LOG_RETENTION_DAYS))}")
    keep_after_deletion: bool = Field(description="true or false")

    @model_validator(mode="after")
    def _accepted_by_cloudwatch(self) -> Self:
        if self.retention_days not in LOG_RETENTION_DAYS:
            days = ", ".join(map(str, LOG_RETENTION_DAYS))
            raise ValueError(f"retention_days is {self.retention_days}; use one of {days}")
        return self


class NotificationsSection(Section):
    """Who is told when an alarm changes."""

    emails: list[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]] = Field(
        description="a list of e-mail addresses, or []"
    )


class ModelPackagesSection(Section):
    """Where models may come from."""

    accounts: list[Annotated[str, Field(pattern=ACCOUNT_PATTERN)]] = Field(
        description="12-digit account ids in quotes, besides the project's own, or []"
    )
    artifacts_uri: str | None = Field(
        None,
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9!_.*'()=-]+)+/?$",
        description="s3://bucket/prefix of the artifacts, or null for the project's own area",
    )
    artifacts_kms_key_arn: str | None = Field(
        None,
        pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$",
        description="the ARN of the KMS key the artifacts are encrypted with, or null",
    )


class ContainerSection(Section):
    """The image repository that the instances pull from."""

    repository: str = Field(
        pattern=r"^[a-z0-9]+([._/-][a-z0-9]+)*$", description="the name of an ECR repository"
    )
    account: str | None = Field(
        None, pattern=ACCOUNT_PATTERN, description="its 12-digit account id in quotes, or null"
    )


class StageSections(Section, ABC):
    """What every kind of endpoint has, whatever it hosts and however it is rolled out."""

    data_capture: DataCaptureSection = Field(description="a section with enabled and others")
    logs: LogsSection = Field(description="a section with retention_days and others")
    notifications: NotificationsSection = Field(description="a section with emails")
    model_packages: ModelPackagesSection = Field(description="a section with accounts and others")
    container: ContainerSection = Field(description="a section with repository and account")
    termination_protection: bool = Field(description="true or false")

    @property
    def needs_artifact(self) -> bool:
        """Whether the stack names the model package's artifact, and not the package alone."""
        return False

    @abstractmethod
    def immediate(self) -> Self:
        """The same stage with a rollout that neither waits nor looks at alarms.

        For going back to a model that worked: the alarms are red because of the one that runs
        now, and would undo its replacement.
        """


class StageConfig(StageSections):
    """Everything that an ML engineer may change about one stage."""

    endpoint: EndpointSection = Field(description="a section with instance_type and others")
    scaling: ScalingSection = Field(description="a section with min_instances and others")
    rollout: RolloutSection = Field(description="a section with strategy and others")
    alarms: AlarmsConfig = Field(description="a section with one entry for each alarm")

    @property
    def failure_shares(self) -> tuple[str, ...]:
        """The alarms on shares near 0 while all is well, and 100 when a model never works."""
        return ("server_error_percent", "model_error_percent")

    def immediate(self) -> Self:
        """The same stage, all traffic shifted at once, whatever the alarms say."""
        rollout = RolloutSection(
            strategy="all_at_once",
            bake_seconds=0,
            timeout_seconds=self.rollout.timeout_seconds,
            rollback_on_alarm=False,
        )
        return self.model_copy(update={"rollout": rollout})

    @model_validator(mode="after")
    def _alarms_can_stop_a_bad_model(self) -> Self:
        if self.rollout.rollback_on_alarm:
            check_guards(self.alarms, self.rollout.waits)
        return self

    @model_validator(mode="after")
    def _fleet_can_be_split(self) -> Self:
        step = self.rollout.step_percent
        if step is None:
            return self
        instances = self.scaling.min_instances
        if instances < 2:
            raise ValueError(
                f"rollout.strategy is {self.rollout.strategy} but scaling.min_instances is"
                f" {instances}: one instance cannot be shifted in parts; use all_at_once or"
                " at least 2 instances"
            )
        # The alarms see both fleets together: a model that fails every request in its first
        # step shows up as an error rate of just that step.
        for name in self.failure_shares:
            alarm = self.alarms.rolling_back().get(name)
            if alarm is not None and alarm.threshold >= step:
                raise ValueError(
                    f"alarms.{name}.threshold is {alarm.threshold}, but the first step carries"
                    f" only {step} % of the traffic: even a model that fails every request would"
                    f" stay below it; use a threshold below {step}"
                )
        return self


Configuration = TypeVar("Configuration", bound=StageSections)


def load_stage_config(
    stage: str,
    directory: Path = CONFIG_DIRECTORY,
    *,
    schema: type[Configuration],
) -> Configuration:
    """Read and check config/<stage>.yaml; raises ConfigurationError with one line a problem."""
    file = directory / f"{stage}.yaml"
    try:
        return schema.model_validate(read_yaml(file))
    except ValidationError as error:
        raise ConfigurationError(describe(error, model=schema, file=file)) from None
