"""Whether the alarms of a stage can stop a bad model while it is rolled out."""

from collections.abc import Mapping

from components.alarm_config import AlarmSet

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AutoRollbackConfig.html
_MOST_GUARDS = 10


def check_guards(alarms: AlarmSet, waits: Mapping[str, int]) -> None:
    """Refuse a rollout with no or too many alarms that guard it, or that cannot fire in time.

    ``waits`` are the periods in which alarms are watched, by the rollout's key, in seconds.
    Raises ValueError, which names the key and the fix.
    """
    guards = alarms.rolling_back()
    if not guards:
        raise ValueError(
            "rollout.rollback_on_alarm is true but no alarm has roll_back: true;"
            " give one alarm roll_back: true, or set rollout.rollback_on_alarm to false"
        )
    if len(guards) > _MOST_GUARDS:
        raise ValueError(
            f"{len(guards)} alarms have roll_back: true, but SageMaker watches at most"
            f" {_MOST_GUARDS} during a deployment; set roll_back: false for"
            f" {len(guards) - _MOST_GUARDS} of {', '.join(guards)}"
        )
    for name, alarm in guards.items():
        needed = 60 * alarm.breaching_minutes
        for key, seconds in waits.items():
            if seconds < needed:
                raise ValueError(
                    f"rollout.{key} is {seconds}, but alarms.{name} needs"
                    f" {alarm.breaching_minutes} bad minutes before it can roll back; use at"
                    f" least {needed}, or lower alarms.{name}.breaching_minutes"
                )
