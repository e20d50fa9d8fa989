"""The metrics that SageMaker publishes about an endpoint, in units that people use.

Names, namespaces and units:
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from collections.abc import Callable

from aws_cdk import aws_cloudwatch as cloudwatch

from components.instance_types import vcpus
from components.published_metrics import PERIOD, PublishedMetrics

_INSTANCES = "/aws/sagemaker/Endpoints"


class EndpointMetrics(PublishedMetrics):
    """Metrics of one variant; percentages are 0 to 100, latencies milliseconds."""

    def __init__(self, *, endpoint_name: str, variant_name: str, instance_type: str) -> None:
        super().__init__({"EndpointName": endpoint_name, "VariantName": variant_name})
        self._vcpus = vcpus(instance_type)

    def by_name(self, name: str) -> cloudwatch.IMetric:
        """The metric that an alarm of the stage's configuration watches."""
        makers: dict[str, Callable[[], cloudwatch.IMetric]] = {
            "server_error_percent": self.server_error_percent,
            "model_error_percent": self.model_error_percent,
            "client_error_percent": self.client_error_percent,
            "model_latency_p99_ms": lambda: self.model_latency_ms("p99"),
            "overhead_latency_p99_ms": lambda: self.overhead_latency_ms("p99"),
            "cpu_percent": self.cpu_percent,
            "memory_percent": self.memory_percent,
            "disk_percent": self.disk_percent,
        }
        return makers[name]()

    def invocations(self) -> cloudwatch.Metric:
        """Requests a minute."""
        return self.count("Invocations", "requests")

    def invocations_per_instance(self) -> cloudwatch.Metric:
        """Requests a minute that one instance handles: what autoscaling watches."""
        return self.count("InvocationsPerInstance", "requests per instance")

    def server_error_percent(self) -> cloudwatch.MathExpression:
        """Share of requests that ended with a 5xx status."""
        return self.share("Invocation5XXErrors", "server errors (%)")

    def client_error_percent(self) -> cloudwatch.MathExpression:
        """Share of requests that ended with a 4xx status."""
        return self.share("Invocation4XXErrors", "client errors (%)")

    def model_error_percent(self) -> cloudwatch.MathExpression:
        """Share of requests the container did not answer with 2xx; time-outs count, too."""
        return self.share("InvocationModelErrors", "model errors (%)")

    def model_latency_ms(self, statistic: str) -> cloudwatch.MathExpression:
        """Time the container takes to answer."""
        return self.milliseconds("ModelLatency", statistic, f"model {statistic} (ms)")

    def overhead_latency_ms(self, statistic: str) -> cloudwatch.MathExpression:
        """Time SageMaker adds to the container's."""
        return self.milliseconds("OverheadLatency", statistic, f"overhead {statistic} (ms)")

    def cpu_percent(self) -> cloudwatch.MathExpression:
        """Use of all cores: SageMaker reports up to 100 for each core, so it is divided."""
        cores = self._instance("CPUUtilization")
        return cloudwatch.MathExpression(
            expression=f"cores / {self._vcpus}",
            using_metrics={"cores": cores},
            label="CPU (% of all cores)",
            period=PERIOD,
        )

    def memory_percent(self) -> cloudwatch.Metric:
        """Use of the memory."""
        return self._instance("MemoryUtilization", "memory (%)")

    def disk_percent(self) -> cloudwatch.Metric:
        """Use of the disk."""
        return self._instance("DiskUtilization", "disk (%)")

    def _instance(self, name: str, label: str | None = None) -> cloudwatch.Metric:
        # The worst instance: an average over the fleet hides one that is about to fail.
        return self.metric(_INSTANCES, name, "Maximum", label)
