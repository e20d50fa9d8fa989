"""Tells people of every execution of a state machine that did not succeed, however it ended."""

from __future__ import annotations

from constructs import Construct

from generator.config.model import Config
from generator.infrastructure.components.event_route import EventRoute
from generator.infrastructure.components.logged_machine import LoggedMachine
from generator.infrastructure.components.notification_topic import NotificationTopic
from generator.infrastructure.names import FAILURE_MACHINE, names_of
from generator.infrastructure.state_machine import failure_events, failure_machine


class FailureTelling(Construct):
    """A rule on the default bus, where the events of Step Functions arrive, and what it starts."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: Config,
        of: LoggedMachine,
        told: NotificationTopic,
    ) -> None:
        super().__init__(scope, construct_id)
        names = names_of(config)
        self.machine = LoggedMachine(
            self,
            "Telling",
            names=names,
            part=FAILURE_MACHINE,
            purpose="Tells that a project could not get its repositories",
            definition=failure_machine(told.arn, config.wait, partition=names.place.partition),
            allowed=told.publishing(),
        )
        self.route = EventRoute(
            self,
            "Failures",
            name="project-failed",
            description="Executions that did not succeed, to the state machine that tells of them",
            pattern=failure_events(of.arn),
            target_arn=self.machine.arn,
            action="states:StartExecution",
            names=names,
            place=config.shared_services,
        )
