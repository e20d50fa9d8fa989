"""What SageMaker repeats by itself: calls it failed to serve, and jobs that got no machine."""

from __future__ import annotations

from sagemaker.mlops.workflow.retry import (
    RetryPolicy,
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)


def service_retries() -> list[RetryPolicy]:
    """Retries of a call that the service throttled or failed itself."""
    return [
        StepRetryPolicy(
            exception_types=[StepExceptionTypeEnum.SERVICE_FAULT, StepExceptionTypeEnum.THROTTLING],
            max_attempts=3,
            interval_seconds=10,
        )
    ]


def job_retries() -> list[RetryPolicy]:
    """Retries of a job: service faults, waiting for quota, and capacity that ran out."""
    return [
        *service_retries(),
        SageMakerJobStepRetryPolicy(
            exception_types=[SageMakerJobExceptionTypeEnum.RESOURCE_LIMIT],
            expire_after_mins=120,
            interval_seconds=60,
        ),
        SageMakerJobStepRetryPolicy(
            failure_reason_types=[
                SageMakerJobExceptionTypeEnum.INTERNAL_ERROR,
                SageMakerJobExceptionTypeEnum.CAPACITY_ERROR,
            ],
            max_attempts=2,
            interval_seconds=60,
        ),
    ]
