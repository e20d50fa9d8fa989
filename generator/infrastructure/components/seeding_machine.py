"""The state machine that takes a project to its repositories."""

from __future__ import annotations

from constructs import Construct

from generator.config.model import Config
from generator.infrastructure.components.logged_machine import Allowed, LoggedMachine
from generator.infrastructure.components.notification_topic import NotificationTopic
from generator.infrastructure.functions import SEEDING
from generator.infrastructure.names import SEEDING_MACHINE, names_of
from generator.infrastructure.state_machine import state_machine


class SeedingMachine(LoggedMachine):
    """May run its steps, record a seeded project on the bus, and tell people of it."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: Config, told: NotificationTopic
    ) -> None:
        names = names_of(config)
        arns = {step.name: names.function_arn(step.name) for step in SEEDING}
        arns |= {"bus": names.bus_arn, "topic": told.arn}
        super().__init__(
            scope,
            construct_id,
            names=names,
            part=SEEDING_MACHINE,
            purpose="Runs the steps from a project to its repositories",
            definition=state_machine(arns, config.wait, partition=names.place.partition),
            allowed=[
                Allowed(
                    "RunSteps", ["lambda:InvokeFunction"], [arns[step.name] for step in SEEDING]
                ),
                Allowed("RecordSeededProjects", ["events:PutEvents"], [arns["bus"]]),
                *told.publishing(),
            ],
        )
