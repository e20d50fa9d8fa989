"""The part in the governance account: it passes on that projects are created and deleted."""

from __future__ import annotations

from aws_cdk import aws_sns as sns
from constructs import Construct

from generator.config.model import Config, Place
from generator.infrastructure.components.alarms import Alarms
from generator.infrastructure.components.event_route import EventRoute
from generator.infrastructure.components.notification_topic import NotificationTopic
from generator.infrastructure.event_patterns import CREATE, DELETE, project_events
from generator.infrastructure.names import is_shared_services, topic_arn
from generator.infrastructure.stacks.base import PlacedStack


class GovernanceStack(PlacedStack):
    """A rule on the default bus, where CloudTrail's events arrive, and its dead-letter queue."""

    def __init__(self, scope: Construct, *, config: Config) -> None:
        place = config.governance
        super().__init__(
            scope,
            "governance",
            config=config,
            place=place,
            description="Passes project events on to the AIOps control plane",
        )
        self.route = EventRoute(
            self,
            "Forwarding",
            name="forward-projects",
            description="Projects that were created or deleted, to the shared-services account",
            pattern=project_events(config, CREATE, DELETE),
            target_arn=self.names.bus_arn,
            action="events:PutEvents",
            names=self.names,
            place=place,
        )
        alarms = Alarms(self, "Alarms", names=self.names, topic=self._topic(config, place))
        alarms.watch_letters(
            self.route.undelivered,
            "A project event did not reach the shared-services account",
            "Check that its stack is deployed and its bus admits this account. EventBridge takes no"
            " events of AWS from people: start the state machine with the event as input, or run:"
            " aiops create --project ID --domain ID. Then delete the message.",
        )
        self.output("RuleArn", self.route.arn, "The rule that passes project events on")
        self.output(
            "UndeliveredEvents", self.route.undelivered.name, "Queue of events not passed on"
        )
        self.output("TopicArn", topic_arn(config, place), "Where people are told of lost events")

    def _topic(self, config: Config, place: Place) -> sns.ITopic:
        """Where the shared services are, their topic; elsewhere one with the same readers."""
        if is_shared_services(config, place):
            return sns.Topic.from_topic_arn(self, "Topic", topic_arn(config, place))
        return NotificationTopic(self, "Notifications", config=config, place=place).topic
