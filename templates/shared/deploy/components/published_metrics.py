"""Reads what SageMaker publishes to CloudWatch, in units that people use, once a minute.

Names, namespaces and units:
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

PERIOD = Duration.minutes(1)
REQUESTS = "AWS/SageMaker"


class PublishedMetrics:
    """Metrics with the same dimensions; percentages are 0 to 100, latencies milliseconds."""

    def __init__(self, dimensions: Mapping[str, str]) -> None:
        self._dimensions = dict(dimensions)

    def count(self, name: str, label: str | None = None) -> cloudwatch.Metric:
        """How often something happened to a request."""
        return self.metric(REQUESTS, name, "Sum", label)

    def share(self, name: str, label: str) -> cloudwatch.MathExpression:
        """The share of requests to which something happened."""
        # An id may stand for one metric only in a graph, so it is made from the metric's name.
        errors = f"count_{name}"
        return cloudwatch.MathExpression(
            expression=f"100 * FILL({errors}, 0) / requests",
            using_metrics={errors: self.count(name), "requests": self.count("Invocations")},
            label=label,
            period=PERIOD,
        )

    def milliseconds(self, name: str, statistic: str, label: str) -> cloudwatch.MathExpression:
        """A time that is published in microseconds."""
        microseconds = f"microseconds_{name}_{statistic}"
        return cloudwatch.MathExpression(
            expression=f"{microseconds} / 1000",
            using_metrics={microseconds: self.metric(REQUESTS, name, statistic)},
            label=label,
            period=PERIOD,
        )

    def metric(
        self, namespace: str, name: str, statistic: str, label: str | None = None
    ) -> cloudwatch.Metric:
        """One metric as it is published."""
        return cloudwatch.Metric(
            namespace=namespace,
            metric_name=name,
            dimensions_map=self._dimensions,
            statistic=statistic,
            period=PERIOD,
            label=label,
        )
