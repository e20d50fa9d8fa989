"""The metrics that SageMaker publishes about an inference component, in units that people use.

Names, namespaces and dimensions:
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from collections.abc import Callable

from aws_cdk import aws_cloudwatch as cloudwatch

from components.published_metrics import REQUESTS, PublishedMetrics

_COPIES = "/aws/sagemaker/InferenceComponents"


class ModelMetrics(PublishedMetrics):
    """Metrics of all copies of one model; percentages are 0 to 100, latencies milliseconds."""

    def __init__(self, *, component_name: str) -> None:
        super().__init__({"InferenceComponentName": component_name})

    def by_name(self, name: str) -> cloudwatch.IMetric:
        """The metric that an alarm of the stage's configuration watches."""
        makers: dict[str, Callable[[], cloudwatch.IMetric]] = {
            "server_error_percent": self.server_error_percent,
            "client_error_percent": self.client_error_percent,
            "first_chunk_latency_p90_ms": lambda: self.first_chunk_latency_ms("p90"),
            "model_latency_p99_ms": lambda: self.model_latency_ms("p99"),
            "concurrent_requests_per_copy": self.concurrent_requests_per_copy,
            "accelerator_percent": self.accelerator_percent,
            "accelerator_memory_percent": self.accelerator_memory_percent,
            "memory_percent": self.memory_percent,
        }
        return makers[name]()

    def invocations(self) -> cloudwatch.Metric:
        """Requests a minute."""
        return self.metric(REQUESTS, "Invocations", "Sum", "requests")

    def server_error_percent(self) -> cloudwatch.MathExpression:
        """Share of requests that ended with a 5xx status."""
        return self.share("Invocation5XXErrors", "server errors (%)")

    def client_error_percent(self) -> cloudwatch.MathExpression:
        """Share of requests that ended with a 4xx status: too long, or wrong."""
        return self.share("Invocation4XXErrors", "client errors (%)")

    def first_chunk_latency_ms(self, statistic: str) -> cloudwatch.MathExpression:
        """Time until the first piece of a streamed answer; requests without a stream have none."""
        label = f"first chunk {statistic} (ms)"
        return self.milliseconds("FirstChunkModelLatency", statistic, label)

    def model_latency_ms(self, statistic: str) -> cloudwatch.MathExpression:
        """Time the container takes for a whole answer."""
        return self.milliseconds("ModelLatency", statistic, f"whole answer {statistic} (ms)")

    def concurrent_requests_per_copy(self) -> cloudwatch.Metric:
        """Requests that each copy works on at the same time: what the scaling follows."""
        label = "concurrent requests per copy"
        return self.metric(REQUESTS, "ConcurrentRequestsPerCopy", "Maximum", label)

    def without_copies(self) -> cloudwatch.Metric:
        """Requests that were refused because no copy was there."""
        return self.metric(REQUESTS, "NoCapacityInvocationFailures", "Sum", "no copy was there")

    def accelerator_percent(self) -> cloudwatch.Metric:
        """Use of the GPUs, of the busiest copy."""
        return self.metric(_COPIES, "GPUUtilizationNormalized", "Maximum", "GPU (%)")

    def accelerator_memory_percent(self) -> cloudwatch.Metric:
        """Use of the GPUs' memory, of the fullest copy. The engine takes its share at once."""
        return self.metric(_COPIES, "GPUMemoryUtilizationNormalized", "Maximum", "GPU memory (%)")

    def memory_percent(self) -> cloudwatch.Metric:
        """Use of the memory that a copy was given, of the fullest one."""
        return self.metric(_COPIES, "MemoryUtilizationNormalized", "Maximum", "memory (%)")
