"""One page with what the control plane does: alarms, projects, steps, what waits for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from generator.infrastructure.components.seeding_machine import SeedingMachine
from generator.infrastructure.components.step_function import METRICS_NAMESPACE, SERVICE
from generator.infrastructure.names import Names

_HALF, _FULL = 12, 24
_PERIOD = Duration.minutes(5)
_SERVICE = {"service": SERVICE}
# As the entry points write them. Every step, and every cause of a failure, is a metric of its own,
# which exists once there was one: it is searched for.
_FAILURES = ("Failures", ("cause", "service", "step"), "Sum")
_SECONDS = ("Seconds", ("service", "step"), "p99")
_CHANGES = ("GitHubChanges", ("service", "step"), "Sum")


class Dashboard(Construct):
    """Alarms on top, then projects, the steps, what limits them, and what is left undone."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        machine: SeedingMachine,
        functions: Sequence[str],
        queues: Sequence[str],
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = names("control-plane")
        self.dashboard = cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=self.name,
            widgets=[
                [
                    cloudwatch.AlarmStatusWidget(
                        title="Alarms", alarms=alarms, width=_FULL, height=4
                    )
                ],
                _projects(machine),
                _failures(queues),
                _steps(functions),
                _work(),
                _limits(functions),
            ],
        )


def _projects(machine: SeedingMachine) -> list[cloudwatch.IWidget]:
    of_machine = {"StateMachineArn": machine.arn}
    outcomes = ("ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed")
    return [
        _graph(
            "Projects",
            [
                *(_metric("AWS/States", name, of_machine, "Sum") for name in outcomes),
                _metric(METRICS_NAMESPACE, "ProjectsSeeded", _SERVICE, "Sum"),
            ],
        ),
        _graph(
            "From event to repositories (ms)",
            (_metric("AWS/States", "ExecutionTime", of_machine, each) for each in ("p50", "p99")),
        ),
    ]


def _failures(queues: Sequence[str]) -> list[cloudwatch.IWidget]:
    depth = "ApproximateNumberOfMessagesVisible"
    return [
        _graph("Failures by cause", [_search(*_FAILURES)]),
        _graph(
            "Events that wait for a person",
            (_metric("AWS/SQS", depth, {"QueueName": queue}, "Maximum") for queue in queues),
        ),
    ]


def _steps(functions: Sequence[str]) -> list[cloudwatch.IWidget]:
    return [
        _graph("Errors of the steps", _of_each(functions, "Errors", "Sum")),
        _graph("Time of the functions (p99, ms)", _of_each(functions, "Duration", "p99")),
    ]


def _work() -> list[cloudwatch.IWidget]:
    return [
        _graph("Seconds of a step that went well (p99)", [_search(*_SECONDS)]),
        _graph("Changes made on GitHub", [_search(*_CHANGES)]),
    ]


def _limits(functions: Sequence[str]) -> list[cloudwatch.IWidget]:
    return [
        _graph("Steps held back", _of_each(functions, "Throttles", "Sum")),
        _graph(
            "GitHub calls left this hour",
            [_metric(METRICS_NAMESPACE, "GitHubCallsLeft", _SERVICE, "Minimum")],
        ),
    ]


def _of_each(functions: Sequence[str], metric: str, statistic: str) -> Iterable[cloudwatch.IMetric]:
    for function in functions:
        yield _metric("AWS/Lambda", metric, {"FunctionName": function}, statistic)


def _search(name: str, dimensions: Sequence[str], statistic: str) -> cloudwatch.IMetric:
    where = ",".join((METRICS_NAMESPACE, *dimensions))
    seconds = _PERIOD.to_seconds()
    expression = f"SEARCH('{{{where}}} MetricName=\"{name}\"', '{statistic}', {seconds:g})"
    return cloudwatch.MathExpression(expression=expression, label="", period=_PERIOD)


def _metric(
    namespace: str, name: str, dimensions: dict[str, str], statistic: str
) -> cloudwatch.IMetric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=_PERIOD,
    )


def _graph(title: str, metrics: Iterable[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=_HALF, period=_PERIOD)
