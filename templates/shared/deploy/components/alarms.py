"""The alarms of the endpoint: some undo a deployment, all of them notify."""

from typing import Protocol

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from components.alarm_config import AlarmConfig, AlarmSet

_UTILISATION = {
    *("cpu_percent", "memory_percent", "disk_percent"),
    *("accelerator_percent", "accelerator_memory_percent"),
}


class Metrics(Protocol):
    """The metrics that alarms watch."""

    def by_name(self, name: str) -> cloudwatch.IMetric:
        """The metric of an alarm's name, in the unit that the name ends with."""


class Alarms(Construct):
    """One alarm for each entry of the stage's configuration, named after the endpoint."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        config: AlarmSet,
        metrics: Metrics,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self.by_name = {
            name: self._alarm(name, alarm, endpoint_name=endpoint_name, metrics=metrics)
            for name, alarm in config.active().items()
        }
        self.all = list(self.by_name.values())
        self.rolling_back = [self.by_name[name] for name in config.rolling_back()]
        action = actions.SnsAction(topic)
        for alarm in self.all:
            alarm.add_alarm_action(action)
            alarm.add_ok_action(action)

    def _alarm(
        self, name: str, config: AlarmConfig, *, endpoint_name: str, metrics: Metrics
    ) -> cloudwatch.Alarm:
        words = name.replace("_", " ")
        consequence = "stops and undoes a deployment" if config.roll_back else "only notifies"
        return cloudwatch.Alarm(
            self,
            "".join(part.capitalize() for part in name.split("_")),
            alarm_name=f"{endpoint_name}-{name.replace('_', '-')}",
            alarm_description=f"{endpoint_name}: {words} above {config.threshold:g}; {consequence}",
            metric=metrics.by_name(name),
            threshold=config.threshold,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=config.minutes,
            datapoints_to_alarm=config.breaching_minutes,
            treat_missing_data=_missing_data(name),
        )


def _missing_data(name: str) -> cloudwatch.TreatMissingData:
    # No requests means no errors and no latency, so silence is good. Instances always report
    # their utilisation, so silence there is neither good nor bad: insufficient data.
    if name in _UTILISATION:
        return cloudwatch.TreatMissingData.MISSING
    return cloudwatch.TreatMissingData.NOT_BREACHING
