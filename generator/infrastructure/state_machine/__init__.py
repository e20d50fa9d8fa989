"""The state machines that seed projects and tell of failures: States Language with JSONata."""

from generator.infrastructure.state_machine.definition import (
    DESCRIBE_SECONDS,
    FUNCTIONS,
    SEED_SECONDS,
    TARGETS,
    execution_timeout,
    state_machine,
)
from generator.infrastructure.state_machine.failures import failure_events, failure_machine

__all__ = [
    "DESCRIBE_SECONDS",
    "FUNCTIONS",
    "SEED_SECONDS",
    "TARGETS",
    "execution_timeout",
    "failure_events",
    "failure_machine",
    "state_machine",
]
