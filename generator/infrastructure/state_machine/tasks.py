"""The one kind of task that both state machines have: a single call of an AWS service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.infrastructure.state_machine.retries import integration_retries

if TYPE_CHECKING:
    from generator.config.model import Wait

State = dict[str, Any]

TELL_SECONDS = 30


def call(action: str, wait: Wait, partition: str) -> State:
    """Return a task that calls `action` (such as `sns:publish`); its arguments are to be added."""
    return {
        "Type": "Task",
        "Resource": f"arn:{partition}:states:::{action}",
        "TimeoutSeconds": TELL_SECONDS,
        "Retry": integration_retries(wait),
    }
