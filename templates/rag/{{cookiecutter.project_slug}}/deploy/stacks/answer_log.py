"""Turns the lines that the container logs about its answers into metrics.

Each answer, failed generation and rating is one line of JSON on the container's output, such as
{"event":"answer","retrieval_ms":12.3,"empty":0,"refused":0}; what people asked is never in it.
"""

from dataclasses import dataclass

from aws_cdk import aws_logs as logs
from constructs import Construct

ANSWERS, EMPTY, REFUSED = "Answers", "EmptyAnswers", "RefusedAnswers"
RETRIEVAL = "RetrievalMilliseconds"
THROTTLED, DISLIKED = "ThrottledGenerations", "DislikedAnswers"


@dataclass(frozen=True)
class LoggedNumber:
    """A number in the lines of one event; ``value`` is its place there, or the number itself."""

    event: str
    value: str
    unit: str = "Count"


LOGGED = {
    ANSWERS: LoggedNumber("answer", "1"),
    EMPTY: LoggedNumber("answer", "$.empty"),
    REFUSED: LoggedNumber("answer", "$.refused"),
    RETRIEVAL: LoggedNumber("answer", "$.retrieval_ms", "Milliseconds"),
    THROTTLED: LoggedNumber("generation_failed", "$.throttled"),
    DISLIKED: LoggedNumber("feedback", "$.down"),
}


def answer_namespace(endpoint_name: str) -> str:
    """Where the metrics of an endpoint's answers are."""
    return f"Endpoints/{endpoint_name}"


class AnswerLog(Construct):
    """One metric filter for each number. They count only what is logged after they exist."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        log_group: logs.CfnLogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        for name, number in LOGGED.items():
            logs.CfnMetricFilter(
                self,
                name,
                filter_name=f"{endpoint_name}-{name}",
                # The reference makes the group exist first.
                log_group_name=log_group.ref,
                filter_pattern=f'{{ $.event = "{number.event}" }}',
                metric_transformations=[
                    logs.CfnMetricFilter.MetricTransformationProperty(
                        metric_namespace=answer_namespace(endpoint_name),
                        metric_name=name,
                        metric_value=number.value,
                        unit=number.unit,
                    )
                ],
            )
