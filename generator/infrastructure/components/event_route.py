"""From an event to one target: rule, retries, and a queue for what cannot be delivered."""

from __future__ import annotations

from typing import cast

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from generator.config.model import Place
from generator.infrastructure.components.dead_letters import DeadLetters
from generator.infrastructure.event_patterns import Pattern
from generator.infrastructure.names import Names

# What EventBridge grants at most: a day, in which it tries with growing pauses.
RETRY_ATTEMPTS = 185
RETRY_SECONDS = 24 * 60 * 60


class EventRoute(Construct):
    """A rule that sends matching events to one target, and keeps those it cannot deliver.

    action: what the rule may do to its target, with a role of its own; None for a Lambda function,
    which says itself who may call it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        description: str,
        pattern: Pattern,
        target_arn: str,
        action: str | None,
        names: Names,
        place: Place,
        bus: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.arn = names.rule_arn(name, bus=bus, place=place)
        self.undelivered = DeadLetters(
            self,
            "Undelivered",
            name=f"{names(name)}-undelivered",
            rule_arn=self.arn,
            account=place.account,
        )
        role = self._role(place, target_arn, action) if action else None
        self.rule = events.CfnRule(
            self,
            "Rule",
            name=names(name),
            description=description,
            event_bus_name=bus,
            event_pattern=pattern,
            state="ENABLED",
            targets=[
                events.CfnRule.TargetProperty(
                    id="target",
                    arn=target_arn,
                    role_arn=role.role_arn if role else None,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(
                        arn=self.undelivered.queue.queue_arn
                    ),
                    retry_policy=events.CfnRule.RetryPolicyProperty(
                        maximum_retry_attempts=RETRY_ATTEMPTS,
                        maximum_event_age_in_seconds=RETRY_SECONDS,
                    ),
                )
            ],
        )

    def _role(self, place: Place, target_arn: str, action: str) -> iam.Role:
        """The role of the rule: it may be assumed for this rule, and do one thing to one target."""
        service = iam.ServicePrincipal("events.amazonaws.com")
        conditions = {
            "StringEquals": {"aws:SourceAccount": place.account},
            "ArnEquals": {"aws:SourceArn": self.arn},
        }
        statement = iam.PolicyStatement(actions=[action], resources=[target_arn])
        return iam.Role(
            self,
            "Role",
            assumed_by=cast(iam.IPrincipal, iam.PrincipalWithConditions(service, conditions)),
            description=f"Lets an event rule {action} {target_arn.rsplit(':', 1)[-1]}",
            inline_policies={"Target": iam.PolicyDocument(statements=[statement])},
        )
