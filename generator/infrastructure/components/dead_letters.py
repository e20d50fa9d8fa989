"""A queue that keeps what could not be delivered or handled, until somebody has looked at it."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from generator.infrastructure.components.acknowledgements import acknowledge

# The longest that SQS offers: over a long holiday.
RETENTION_DAYS = 14


class DeadLetters(Construct):
    """An encrypted queue that only one event rule, and roles that are told so, may write to."""

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, rule_arn: str, account: str
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = name
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(RETENTION_DAYS),
        )
        self.queue.add_to_resource_policy(
            iam.PolicyStatement(
                sid="UndeliveredEventsOfTheRule",
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[self.queue.queue_arn],
                conditions={
                    "ArnEquals": {"aws:SourceArn": rule_arn},
                    "StringEquals": {"aws:SourceAccount": account},
                },
            )
        )
        acknowledge(
            self.queue,
            "AwsSolutions-SQS3",
            reason="This is itself the dead-letter queue: of an event rule, not of another queue.",
        )
