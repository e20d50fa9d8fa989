"""The metrics of answers, in units that people use, beside those of every endpoint."""

from collections.abc import Callable

from aws_cdk import aws_cloudwatch as cloudwatch

from components.endpoint_metrics import EndpointMetrics
from components.published_metrics import PERIOD, PublishedMetrics
from stacks.answer_log import (
    ANSWERS,
    DISLIKED,
    EMPTY,
    REFUSED,
    RETRIEVAL,
    THROTTLED,
    answer_namespace,
)


class AnswerMetrics(EndpointMetrics):
    """What metric filters read from the log; percentages are of all answers."""

    def __init__(self, *, endpoint_name: str, variant_name: str, instance_type: str) -> None:
        super().__init__(
            endpoint_name=endpoint_name, variant_name=variant_name, instance_type=instance_type
        )
        # A metric filter's metric has no dimensions: the namespace says whose it is.
        self._logged = PublishedMetrics({})
        self._namespace = answer_namespace(endpoint_name)

    def by_name(self, name: str) -> cloudwatch.IMetric:
        """The metric that an alarm of the stage's configuration watches."""
        makers: dict[str, Callable[[], cloudwatch.IMetric]] = {
            "retrieval_latency_p95_ms": lambda: self.retrieval_ms("p95"),
            "empty_percent": self.empty_percent,
            "refused_percent": self.refused_percent,
            "throttled_per_minute": self.throttled,
            "disliked_percent": self.disliked_percent,
        }
        return makers[name]() if name in makers else super().by_name(name)

    def answers(self) -> cloudwatch.Metric:
        """Answers a minute, refusals included."""
        return self._sum(ANSWERS, "answers")

    def retrieval_ms(self, statistic: str) -> cloudwatch.Metric:
        """Time until the passages are found, in milliseconds."""
        label = f"retrieval {statistic} (ms)"
        return self._logged.metric(self._namespace, RETRIEVAL, statistic, label)

    def empty_percent(self) -> cloudwatch.MathExpression:
        """Share of the answers for which no passage at all was found."""
        return self._share(EMPTY, "nothing found (%)")

    def refused_percent(self) -> cloudwatch.MathExpression:
        """Share of the answers that say that the documents have none."""
        return self._share(REFUSED, "refused (%)")

    def disliked_percent(self) -> cloudwatch.MathExpression:
        """Ratings "down" for each hundred answers."""
        return self._share(DISLIKED, "disliked (%)")

    def throttled(self) -> cloudwatch.Metric:
        """Answers a minute that failed because the language model was busy."""
        return self._sum(THROTTLED, "throttled")

    def _sum(self, name: str, label: str | None = None) -> cloudwatch.Metric:
        return self._logged.metric(self._namespace, name, "Sum", label)

    def _share(self, name: str, label: str) -> cloudwatch.MathExpression:
        # An id may stand for one metric only in a graph, so it is made from the metric's name.
        part = f"count_{name}"
        return cloudwatch.MathExpression(
            expression=f"100 * FILL({part}, 0) / answers",
            using_metrics={part: self._sum(name), "answers": self._sum(ANSWERS)},
            label=label,
            period=PERIOD,
        )
