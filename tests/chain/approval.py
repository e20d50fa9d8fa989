"""Plays the model registry: a version is registered and approved, and SageMaker tells of it."""

from __future__ import annotations

from tests.chain.creation import Created
from tests.chain.emulator import waited
from tests.chain.registry import use
from tests.chain.stage import SHARED, Stage
from tests.control.registry_server import Document


def register(created: Created, stage: Stage) -> str:
    """Register a version with the build repository's own code; return its ARN."""
    arn = use(stage.registry, stage.tools, created.build, "register")
    stage.say(f"registered {arn.rpartition(':')[2]}, group tagged by the build repository")
    _tell_all(stage)
    return arn


def approve_and_tell(arn: str, created: Created, stage: Stage) -> Document:
    """Approve the version as a person does; return the event of that. All events are delivered."""
    use(stage.registry, stage.tools, created.build, "approve", arn)
    approval = stage.registry.events[-1]
    stage.say("approved by a person")
    _tell_all(stage)
    return approval


def tell(event: Document, stage: Stage) -> None:
    """Deliver one event and wait until the function has handled it."""
    client = stage.emulator.client("logs", SHARED)

    def handled() -> int:
        found = client.filter_log_events(logGroupName="/aws/lambda/aiops-approval")["events"]
        return sum('"outcome"' in line["message"] for line in found)

    before = handled()
    stage.put(event, SHARED)
    waited("the approval's function answers", lambda: handled() > before or None)


def _tell_all(stage: Stage) -> None:
    """Deliver what SageMaker raises, and what it raises for the notes that the function makes."""
    for event in stage.registry.events:  # grows meanwhile
        if not event.pop("told", False):
            tell(event, stage)
