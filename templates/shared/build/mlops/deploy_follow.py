"""Follows a pipeline execution to its end, step by step, through passing errors of the service."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from mlops.deploy_cloud import EXPIRED, Cloud, calling, error_code
from mlops.summary import duration

RUNNING = {"Executing", "Stopping"}
STEP_RUNNING = {"Starting", "Executing", "Stopping"}
PASSING = {
    "InternalFailure",
    "InternalServerError",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
POLL_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 120.0
# In a row, after botocore's own retries: some twenty minutes of an unreachable service.
FAILURES_TOLERATED = 12
STILL_RUNNING_SECONDS = 300.0


@dataclass(frozen=True)
class FollowedStep:
    """What SageMaker says about a step of an execution."""

    name: str
    status: str
    seconds: float
    cached: bool
    reason: str | None
    job_arn: str | None
    model_package_arn: str | None


@dataclass(frozen=True)
class Followed:
    """How an execution ended."""

    arn: str
    status: str
    reason: str | None
    seconds: float
    steps: tuple[FollowedStep, ...]

    @property
    def execution_id(self) -> str:
        """The last part of the execution's ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def model_package_arn(self) -> str | None:
        """The package that the execution registered."""
        return next((s.model_package_arn for s in self.steps if s.model_package_arn), None)


@dataclass
class Follower:
    """Polls an execution; `tell` gets a line for each change. Clock and sleep are for tests."""

    cloud: Cloud
    tell: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _shown: dict[str, str] = field(default_factory=dict)
    _told: float = 0.0

    def follow(self, arn: str) -> Followed:
        """Wait until the execution ends, and say how.

        Throttling and outages are waited out. Raises `CloudError` when they last or when the
        credentials expire; the execution goes on all the same.
        """
        failures = 0
        self._told = self.clock()
        while True:
            try:
                execution = self.cloud.sagemaker.describe_pipeline_execution(
                    PipelineExecutionArn=arn
                )
                steps = _steps(self.cloud, arn)
                failures = 0
            except (ClientError, BotoCoreError) as error:
                failures += 1
                if not _passes(error) or failures > FAILURES_TOLERATED:
                    with calling(f"following {arn}"):
                        raise
                self.sleep(min(POLL_SECONDS * 2**failures, LONGEST_PAUSE_SECONDS))
                continue
            self._show(steps)
            if execution["PipelineExecutionStatus"] not in RUNNING:
                return _followed(arn, execution, steps)
            self.sleep(POLL_SECONDS)

    def _show(self, steps: tuple[FollowedStep, ...]) -> None:
        changed = [step for step in steps if self._shown.get(step.name) != step.status]
        if not changed and self.clock() - self._told >= STILL_RUNNING_SECONDS:
            changed = [step for step in steps if step.status in STEP_RUNNING]
        for step in changed:
            self._shown[step.name] = step.status
            self._told = self.clock()
            took = "" if step.status == "Starting" else f"  {duration(step.seconds)}"
            self.tell(f"{step.name:<18} {step.status}{took}{'  (cached)' if step.cached else ''}")


def list_steps(cloud: Cloud, arn: str) -> tuple[FollowedStep, ...]:
    """What became of the steps that the execution has reached. Raises `CloudError`."""
    with calling(f"listing the steps of {arn}"):
        return _steps(cloud, arn)


def _steps(cloud: Cloud, arn: str) -> tuple[FollowedStep, ...]:
    pages = cloud.sagemaker.get_paginator("list_pipeline_execution_steps").paginate(
        PipelineExecutionArn=arn, SortOrder="Ascending"
    )
    return tuple(_step(item) for page in pages for item in page["PipelineExecutionSteps"])


def _passes(error: ClientError | BotoCoreError) -> bool:
    """Whether asking again later may help."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = error_code(error)
        return code not in EXPIRED and (code in PASSING or status >= 500)
    return type(error).__name__ in {
        "ConnectTimeoutError",
        "ConnectionClosedError",
        "EndpointConnectionError",
        "ReadTimeoutError",
    }


def _followed(arn: str, execution: Mapping[str, Any], steps: tuple[FollowedStep, ...]) -> Followed:
    status = execution["PipelineExecutionStatus"]
    reasons = [f"{step.name}: {step.reason}" for step in steps if step.reason]
    reason = "\n".join(reasons) or execution.get("FailureReason")
    if status != "Succeeded" and not reason:
        reason = f"the execution is {status}; SageMaker gives no reason"
    return Followed(
        arn=arn,
        status=status,
        reason=None if status == "Succeeded" else reason,
        seconds=_seconds(execution["CreationTime"], execution["LastModifiedTime"]),
        steps=steps,
    )


def _step(item: Mapping[str, Any]) -> FollowedStep:
    metadata = item.get("Metadata") or {}
    jobs = (metadata.get(kind, {}).get("Arn") for kind in ("ProcessingJob", "TrainingJob"))
    reason = metadata.get("Fail", {}).get("ErrorMessage") or item.get("FailureReason")
    return FollowedStep(
        name=item["StepName"],
        status=item["StepStatus"],
        seconds=_seconds(item.get("StartTime"), item.get("EndTime")),
        cached=bool(item.get("CacheHitResult")),
        reason=reason if item["StepStatus"] == "Failed" else None,
        job_arn=next((arn for arn in jobs if arn), None),
        model_package_arn=metadata.get("RegisterModel", {}).get("Arn"),
    )


def _seconds(start: datetime | None, end: datetime | None) -> float:
    """Seconds between two times; until now when it has not ended, 0 when it has not begun."""
    if start is None:
        return 0.0
    return max(0.0, ((end or datetime.now(UTC)) - start).total_seconds())
