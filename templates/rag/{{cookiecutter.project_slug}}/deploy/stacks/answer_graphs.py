"""The rows about answers on the endpoint's dashboard."""

from aws_cdk import aws_cloudwatch as cloudwatch

from components.dashboard import thresholds
from components.published_metrics import PERIOD
from stacks.answer_alarms import AnswerAlarms
from stacks.answer_metrics import AnswerMetrics

_HALF = 12


def answer_rows(metrics: AnswerMetrics, alarms: AnswerAlarms) -> list[list[cloudwatch.IWidget]]:
    """How many answers there are and how fast, and how many of them help nobody."""

    def graph(
        title: str, *shown: cloudwatch.IMetric, limits: tuple[str, ...]
    ) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(
            title=title,
            left=list(shown),
            left_annotations=thresholds(alarms, *limits),
            left_y_axis=cloudwatch.YAxisProps(min=0),
            width=_HALF,
            period=PERIOD,
        )

    return [
        [
            graph(
                "Retrieval (ms)",
                *(metrics.retrieval_ms(each) for each in ("p50", "p95", "p99")),
                limits=("retrieval_latency_p95_ms",),
            ),
            graph(
                "Answers that help nobody (%)",
                metrics.empty_percent(),
                metrics.refused_percent(),
                metrics.disliked_percent(),
                limits=("empty_percent", "refused_percent", "disliked_percent"),
            ),
        ],
        [
            graph(
                "Answers a minute",
                metrics.answers(),
                metrics.throttled(),
                limits=("throttled_per_minute",),
            ),
        ],
    ]
