"""The state machine from an event to a seeded project, in Amazon States Language with JSONata."""

from generator.infrastructure.state_machine.machine import TARGETS, definition, execution_timeout

__all__ = ["TARGETS", "definition", "execution_timeout"]
