"""One page that shows whether the endpoint is well, for the person who was just paged."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from components.alarm_config import AlarmSet
from components.endpoint_metrics import EndpointMetrics
from components.published_metrics import PERIOD
from components.stage_config import StageConfig

_HALF = 12
_ALERT = "#d13212"
_CONSOLES = {"cn": "console.amazonaws.cn", "us-gov": "console.amazonaws-us-gov.com"}


class Dashboard(Construct):
    """Alarms on top, then traffic, latency and instances, each with its alarm's threshold.

    ``rows`` come last: what the use case itself measures.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        config: StageConfig,
        metrics: EndpointMetrics,
        alarms: Sequence[cloudwatch.IAlarm],
        rows: Sequence[Sequence[cloudwatch.IWidget]] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._metrics = metrics
        page: list[list[cloudwatch.IWidget]] = [
            [cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=24, height=3)],
            [self._requests(), self._errors()],
            [self._latency(), self._utilisation()],
            *(list(row) for row in rows),
        ]
        self.dashboard = cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=endpoint_name, widgets=page
        )
        region = Stack.of(self).region
        self.url = (
            f"https://{console(region)}/cloudwatch/home?region={region}"
            f"#dashboards/dashboard/{endpoint_name}"
        )

    def _requests(self) -> cloudwatch.GraphWidget:
        target = self._config.scaling.invocations_per_instance_per_minute
        return cloudwatch.GraphWidget(
            title="Requests a minute",
            left=[self._metrics.invocations(), self._metrics.invocations_per_instance()],
            left_annotations=[
                cloudwatch.HorizontalAnnotation(value=target, label="scaling target per instance")
            ],
            width=_HALF,
            period=PERIOD,
        )

    def _errors(self) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(
            title="Errors (% of requests)",
            left=[
                self._metrics.server_error_percent(),
                self._metrics.model_error_percent(),
                self._metrics.client_error_percent(),
            ],
            left_annotations=thresholds(self._config.alarms, "server_error_percent"),
            left_y_axis=cloudwatch.YAxisProps(min=0, max=100),
            width=_HALF,
            period=PERIOD,
        )

    def _latency(self) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(
            title="Latency (ms)",
            left=[
                *(self._metrics.model_latency_ms(each) for each in ("p50", "p90", "p99")),
                self._metrics.overhead_latency_ms("p99"),
            ],
            left_annotations=thresholds(self._config.alarms, "model_latency_p99_ms"),
            width=_HALF,
            period=PERIOD,
        )

    def _utilisation(self) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(
            title="Busiest instance (%)",
            left=[
                self._metrics.cpu_percent(),
                self._metrics.memory_percent(),
                self._metrics.disk_percent(),
            ],
            left_annotations=thresholds(self._config.alarms, "memory_percent"),
            left_y_axis=cloudwatch.YAxisProps(min=0, max=100),
            width=_HALF,
            period=PERIOD,
        )


def thresholds(alarms: AlarmSet, *names: str) -> list[cloudwatch.HorizontalAnnotation]:
    """A line for the threshold of each alarm that is switched on."""
    active = alarms.active()
    return [
        cloudwatch.HorizontalAnnotation(
            value=active[name].threshold,
            label=f"alarm: {name.replace('_', ' ')}",
            color=_ALERT,
        )
        for name in names
        if name in active
    ]


def console(region: str) -> str:
    """The host of CloudWatch's pages for a Region."""
    for prefix, host in _CONSOLES.items():
        if region.startswith(f"{prefix}-"):
            return host
    return f"{region}.console.aws.amazon.com"
