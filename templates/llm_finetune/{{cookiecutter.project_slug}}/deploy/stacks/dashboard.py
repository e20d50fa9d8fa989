"""One page that shows whether the model is well, for the person who was just paged."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from components.dashboard import console, thresholds
from components.published_metrics import PERIOD
from stacks.model_metrics import ModelMetrics
from stacks.stage_config import StageConfig

_HALF = 12


class ModelDashboard(Construct):
    """Alarms on top, then traffic, latency and the copies' load, with the alarms' thresholds."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        config: StageConfig,
        metrics: ModelMetrics,
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        rows: list[list[cloudwatch.IWidget]] = [
            [cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=24, height=3)],
            [
                self._graph(
                    "Requests",
                    metrics.invocations(),
                    metrics.concurrent_requests_per_copy(),
                    metrics.without_copies(),
                    limits=("concurrent_requests_per_copy",),
                ),
                self._graph(
                    "Errors (% of requests)",
                    metrics.server_error_percent(),
                    metrics.client_error_percent(),
                    limits=("server_error_percent",),
                ),
            ],
            [
                self._graph(
                    "Latency (ms)",
                    *(metrics.first_chunk_latency_ms(each) for each in ("p50", "p90")),
                    *(metrics.model_latency_ms(each) for each in ("p50", "p99")),
                    limits=("first_chunk_latency_p90_ms", "model_latency_p99_ms"),
                ),
                self._graph(
                    "Busiest copy (%)",
                    metrics.accelerator_percent(),
                    metrics.accelerator_memory_percent(),
                    metrics.memory_percent(),
                    limits=("memory_percent",),
                ),
            ],
        ]
        self.dashboard = cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=endpoint_name, widgets=rows
        )
        region = Stack.of(self).region
        self.url = (
            f"https://{console(region)}/cloudwatch/home?region={region}"
            f"#dashboards/dashboard/{endpoint_name}"
        )

    def _graph(
        self, title: str, *metrics: cloudwatch.IMetric, limits: tuple[str, ...]
    ) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(
            title=title,
            left=list(metrics),
            left_annotations=thresholds(self._config.alarms, *limits),
            width=_HALF,
            period=PERIOD,
        )
