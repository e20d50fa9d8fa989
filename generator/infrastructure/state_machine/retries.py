"""What the state machine tries again, how often, and after which pauses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from generator.control.transient import PERHAPS_NEW, TRANSIENT

if TYPE_CHECKING:
    from generator.config.model import Wait

# What the Lambda service itself reports when a function could not run (its documentation).
LAMBDA_ERRORS = (
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.TooManyRequestsException",
)
TIMEOUT = "States.Timeout"
# A function that is killed (out of time or memory) reports nothing of its own; running it again is
# safe, and helps when a call hung.
KILLED = ("Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout")
# GitHub renews its limits within an hour.
RATE_LIMITED, RENEWED_SECONDS = "GitHubRateLimited", 3600
ATTEMPTS = 5
# GitHub shows what is new within seconds.
ATTEMPTS_FOR_NEW = 2


def pauses(wait: Wait) -> tuple[int, ...]:
    """Return the longest that the pauses between attempts can be, in seconds."""
    found, pause = [], float(wait.first_seconds)
    for _ in range(ATTEMPTS):
        found.append(min(round(pause), wait.longest_seconds))
        pause *= wait.backoff_rate
    return tuple(found)


def lambda_retries(wait: Wait) -> list[dict[str, Any]]:
    """Return the rules for a function: by name only, and for GitHub's limits until renewed."""
    others = sorted(set(TRANSIENT) - {RATE_LIMITED})
    return [
        {
            "ErrorEquals": [RATE_LIMITED],
            "IntervalSeconds": wait.longest_seconds,
            "MaxAttempts": math.ceil(2 * RENEWED_SECONDS / wait.longest_seconds),
            "BackoffRate": 1,
            # Pauses are half as long on average, and projects that wait do not return at once.
            "JitterStrategy": "FULL",
        },
        _rule([*LAMBDA_ERRORS, *KILLED, TIMEOUT, *others], wait, ATTEMPTS),
        _rule([*PERHAPS_NEW], wait, ATTEMPTS_FOR_NEW),
    ]


def integration_retries(wait: Wait) -> list[dict[str, Any]]:
    """Return the rules for a single call of an AWS service.

    None of our code runs there, so no error of ours can be meant: any failure is tried again.
    """
    return [_rule(["States.TaskFailed", TIMEOUT], wait, ATTEMPTS)]


def _rule(errors: list[str], wait: Wait, attempts: int) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "ErrorEquals": errors,
        "IntervalSeconds": wait.first_seconds,
        "MaxAttempts": attempts,
        "BackoffRate": wait.backoff_rate,
        "JitterStrategy": "FULL",
    }
    # Step Functions wants it above the interval.
    if wait.longest_seconds > wait.first_seconds:
        rule["MaxDelaySeconds"] = wait.longest_seconds
    return rule
