"""The schema of the alarms in config/<stage>.yaml; the unit is part of each alarm's name."""

from typing import Self

from pydantic import Field, model_validator

from components.config_section import Section


class AlarmConfig(Section):
    """One alarm: red after ``breaching_minutes`` bad ones among the last ``minutes``."""

    threshold: float = Field(gt=0, description="a number above 0, in the unit of the alarm's name")
    minutes: int = Field(ge=1, le=60, description="a window of 1 to 60 minutes")
    breaching_minutes: int = Field(ge=1, le=60, description="1 up to the number of minutes")
    roll_back: bool = Field(
        description="true (stops and undoes a deployment) or false (only notifies)"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.breaching_minutes > self.minutes:
            raise ValueError(
                f"breaching_minutes is {self.breaching_minutes} in a window of {self.minutes}"
                " minutes, so the alarm could never fire; lower it or widen minutes"
            )
        return self


def entry(unit: str) -> str:
    """What to write for an alarm whose threshold is in the given unit."""
    return f"null, or threshold ({unit}), minutes, breaching_minutes and roll_back"


class AlarmSet(Section):
    """Alarms by name: each field is an AlarmConfig, and null switches it off."""

    def active(self) -> dict[str, AlarmConfig]:
        """The alarms that are switched on, by name, in the order of the class."""
        entries = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: alarm for name, alarm in entries if alarm is not None}

    def rolling_back(self) -> dict[str, AlarmConfig]:
        """The alarms that undo a deployment, by name."""
        return {name: alarm for name, alarm in self.active().items() if alarm.roll_back}

    @model_validator(mode="after")
    def _percentages(self) -> Self:
        for name, alarm in self.active().items():
            if name.endswith("_percent") and alarm.threshold >= 100:
                raise ValueError(
                    f"{name}.threshold is {alarm.threshold}: a percentage never exceeds 100, so"
                    " the alarm could not fire; use a value below 100"
                )
        return self


class AlarmsConfig(AlarmSet):
    """The alarms of an endpoint whose instances serve one model."""

    server_error_percent: AlarmConfig | None = Field(description=entry("percent of requests"))
    model_error_percent: AlarmConfig | None = Field(description=entry("percent of requests"))
    client_error_percent: AlarmConfig | None = Field(description=entry("percent of requests"))
    model_latency_p99_ms: AlarmConfig | None = Field(description=entry("milliseconds"))
    overhead_latency_p99_ms: AlarmConfig | None = Field(description=entry("milliseconds"))
    cpu_percent: AlarmConfig | None = Field(description=entry("percent of all cores"))
    memory_percent: AlarmConfig | None = Field(description=entry("percent"))
    disk_percent: AlarmConfig | None = Field(description=entry("percent"))
