"""The alarms on answers in config/<stage>.yaml, beside those that every endpoint has."""

from pydantic import Field

from components.alarm_config import AlarmConfig, AlarmsConfig, entry


class AnswerAlarms(AlarmsConfig):
    """All of them are read from the lines that the container logs about its answers."""

    retrieval_latency_p95_ms: AlarmConfig | None = Field(description=entry("milliseconds"))
    empty_percent: AlarmConfig | None = Field(description=entry("percent of answers"))
    refused_percent: AlarmConfig | None = Field(description=entry("percent of answers"))
    throttled_per_minute: AlarmConfig | None = Field(description=entry("answers a minute"))
    disliked_percent: AlarmConfig | None = Field(description=entry("percent of answers"))
