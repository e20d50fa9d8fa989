"""A Lambda function that an event rule calls: what it fails at goes to the rule's queue too."""

from __future__ import annotations

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from generator.infrastructure.components.event_route import EventRoute
from generator.infrastructure.components.step_function import StepFunction

# A call by an event is answered before the function runs, so the rule knows nothing of a failure:
# Lambda itself calls again, and then hands the event to the queue.
HANDLING_ATTEMPTS = 2
HANDLING_SECONDS = 6 * 60 * 60


class EventHandler(Construct):
    """Lets `route` (and nobody else) call `step`; failures end in the route's queue."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        route: EventRoute,
        step: StepFunction,
        account: str,
    ) -> None:
        super().__init__(scope, construct_id)
        lambda_.CfnPermission(
            self,
            "RuleMayCall",
            action="lambda:InvokeFunction",
            function_name=step.function.function_name,
            principal="events.amazonaws.com",
            source_account=account,
            source_arn=route.arn,
        )
        queue = route.undelivered.queue
        step.allow("KeepFailedEvents", ["sqs:SendMessage"], [queue.queue_arn])
        handling = lambda_.CfnEventInvokeConfig(
            self,
            "Failures",
            function_name=step.function.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=HANDLING_ATTEMPTS,
            maximum_event_age_in_seconds=HANDLING_SECONDS,
            destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
                on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(
                    destination=queue.queue_arn
                )
            ),
        )
        # Lambda refuses a destination that the role may not write to.
        handling.node.add_dependency(step.role)
