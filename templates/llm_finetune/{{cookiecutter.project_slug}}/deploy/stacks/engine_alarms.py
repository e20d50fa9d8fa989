"""Alarms on what the serving engine reports about itself, by PromQL.

Detailed observability sends vLLM's own metrics to CloudWatch as OpenTelemetry metrics, which
only PromQL reads:
https://docs.aws.amazon.com/sagemaker/latest/dg/inference-monitoring.html
"""

from collections.abc import Iterator

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.sections import EngineAlarm, EngineAlarms

_LABEL = "aws.sagemaker.inference_component.name"
_WINDOW = "5m"


def engine_query(name: str, alarm: EngineAlarm, component_name: str) -> str:
    """The PromQL query that returns something while the alarm's condition holds."""

    def rate(metric: str) -> str:
        return f'rate({{"vllm:{metric}", "{_LABEL}"="{component_name}"}}[{_WINDOW}])'

    limit = f"{alarm.threshold:g}"
    match name:
        case "first_token_p90_seconds":
            buckets = rate("time_to_first_token_seconds_bucket")
            return f"histogram_quantile(0.9, sum by (le) ({buckets})) > {limit}"
        case "waiting_requests":
            gauge = f'{{"vllm:num_requests_waiting", "{_LABEL}"="{component_name}"}}'
            return f"max({gauge}) > {limit}"
        case "slow_tokens_per_second":
            # Seconds between two tokens of one answer, turned upside down.
            seconds = rate("inter_token_latency_seconds_sum")
            tokens = rate("inter_token_latency_seconds_count")
            return f"sum({tokens}) / sum({seconds}) < {limit}"
    raise ValueError(f"{name} is no alarm on the engine")


class EngineWatch(Construct):
    """One alarm for each entry of the stage's configuration. They notify only."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        component_name: str,
        config: EngineAlarms,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        action = actions.SnsAction(topic)
        self.all = [
            self._alarm(name, alarm, endpoint_name=endpoint_name, component_name=component_name)
            for name, alarm in _active(config)
        ]
        for alarm in self.all:
            alarm.add_alarm_action(action)
            alarm.add_ok_action(action)

    def _alarm(
        self, name: str, config: EngineAlarm, *, endpoint_name: str, component_name: str
    ) -> cloudwatch.PromQLAlarm:
        words = name.replace("_", " ")
        return cloudwatch.PromQLAlarm(
            self,
            "".join(part.capitalize() for part in name.split("_")),
            alarm_name=f"{endpoint_name}-{name.replace('_', '-')}",
            alarm_description=(
                f"{endpoint_name}: {words}, limit {config.threshold:g}, as the engine sees it;"
                " only notifies"
            ),
            query=engine_query(name, config, component_name),
            evaluation_interval=Duration.minutes(1),
            pending_period=Duration.minutes(config.minutes),
            recovery_period=Duration.minutes(config.minutes),
        )


def _active(config: EngineAlarms) -> Iterator[tuple[str, EngineAlarm]]:
    for name in type(config).model_fields:
        alarm = getattr(config, name)
        if alarm is not None:
            yield name, alarm
