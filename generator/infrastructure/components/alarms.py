"""Alarms on what the control plane must not do silently; each says what to do."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from generator.infrastructure.components.dead_letters import DeadLetters
from generator.infrastructure.components.seeding_machine import SeedingMachine
from generator.infrastructure.components.step_function import (
    METRICS_NAMESPACE,
    SERVICE,
    StepFunction,
)
from generator.infrastructure.names import Names

_PERIOD = Duration.minutes(5)
_AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
# About ten projects' worth; GitHub allows an App 5,000 calls an hour or more.
FEW_CALLS = 250


@dataclass(frozen=True)
class Threshold:
    """An alarm starts at `count` in each of `periods` periods of five minutes in a row."""

    count: int = 1
    periods: int = 1


class Alarms(Construct):
    """Makes alarms that tell `topic` when they start and when they end."""

    def __init__(
        self, scope: Construct, construct_id: str, *, names: Names, topic: sns.ITopic
    ) -> None:
        super().__init__(scope, construct_id)
        self._names = names
        self._action = actions.SnsAction(topic)
        self.all: list[cloudwatch.Alarm] = []

    def watch_machine(self, machine: SeedingMachine) -> None:
        """Alarm when an execution fails, is cut off, or must wait for the account's quota."""
        again = "correct the cause and redrive the execution"
        for name, metric, advice in (
            (
                "executions-failed",
                "ExecutionsFailed",
                "A project did not get its repositories. The notification of the execution (and its"
                f" Cause, in Step Functions) says what was wrong: {again}.",
            ),
            (
                "executions-timed-out",
                "ExecutionsTimedOut",
                "A project's execution ran longer than any wait allows. Look at its last state in"
                f" Step Functions: {again}.",
            ),
            (
                "executions-throttled",
                "ExecutionThrottled",
                "More projects at once than Step Functions starts states for. They go on by"
                " themselves; ask for a higher StateTransition quota if this lasts.",
            ),
        ):
            self._alarm(
                name,
                _count("AWS/States", metric, {"StateMachineArn": machine.arn}),
                advice,
                Threshold(),
            )

    def watch_letters(self, letters: DeadLetters, what: str, cure: str) -> None:
        """Alarm when the queue holds anything. what: was not done. cure: what to do then."""
        self._alarm(
            letters.name.removeprefix(f"{self._names.prefix}-"),
            cloudwatch.Metric(
                namespace="AWS/SQS",
                metric_name="ApproximateNumberOfMessagesVisible",
                dimensions_map={"QueueName": letters.name},
                statistic="Maximum",
                period=_PERIOD,
            ),
            f"{what}: the event waits in the queue {letters.name} for 14 days. {cure}",
            Threshold(),
        )

    def watch_function(self, step: StepFunction) -> None:
        """Alarm when a function fails or is held back again and again; once is retried."""
        self._alarm(
            f"{step.spec.name}-errors",
            _count("AWS/Lambda", "Errors", {"FunctionName": step.name}),
            f"{step.name} failed three times in five minutes. Its log /aws/lambda/{step.name}"
            " names the error and the fix; if it is GitHub or AWS that is down, wait: everything"
            " is tried again.",
            Threshold(count=3),
        )
        self._alarm(
            f"{step.spec.name}-throttles",
            _count("AWS/Lambda", "Throttles", {"FunctionName": step.name}),
            f"{step.name} was held back for 15 minutes: more at once than the"
            f" {step.spec.concurrency} that it may be, or than the account's Lambda functions may"
            " be. What waits goes on by itself; if it does not end, look for events that repeat.",
            Threshold(periods=3),
        )

    def watch_github(self) -> None:
        """Alarm when GitHub allows hardly any more calls."""
        self._alarm(
            "github-calls-left",
            cloudwatch.Metric(
                namespace=METRICS_NAMESPACE,
                metric_name="GitHubCallsLeft",
                dimensions_map={"service": SERVICE},
                statistic="Minimum",
                period=_PERIOD,
            ),
            f"GitHub allows fewer than {FEW_CALLS} more calls this hour. Projects wait and go on by"
            " themselves; if this lasts, see what else uses the same App or token.",
            Threshold(count=FEW_CALLS),
            cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        )

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.Metric,
        description: str,
        threshold: Threshold,
        comparison: cloudwatch.ComparisonOperator = _AT_LEAST,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            "".join(part.capitalize() for part in name.replace("_", "-").split("-")),
            alarm_name=self._names(name),
            alarm_description=description,
            metric=metric,
            threshold=threshold.count,
            comparison_operator=comparison,
            evaluation_periods=threshold.periods,
            # No event, no metric: silence is good.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)
        self.all.append(alarm)


def _count(namespace: str, metric: str, dimensions: dict[str, str]) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=metric,
        dimensions_map=dimensions,
        statistic="Sum",
        period=_PERIOD,
    )
