"""The state machine from an event to a seeded project, in Amazon States Language with JSONata."""

from generator.infrastructure.state_machine.definition import (
    DESCRIBE_SECONDS,
    FUNCTIONS,
    SEED_SECONDS,
    TARGETS,
    execution_timeout,
    state_machine,
)

__all__ = [
    "DESCRIBE_SECONDS",
    "FUNCTIONS",
    "SEED_SECONDS",
    "TARGETS",
    "execution_timeout",
    "state_machine",
]
