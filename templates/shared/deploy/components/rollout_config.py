"""The schema of the rollout in config/<stage>.yaml."""

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from components.config_section import Section


class RolloutSection(Section):
    """How traffic moves from the running model to the new one."""

    strategy: Literal["all_at_once", "canary", "linear"] = Field(
        description="all_at_once, canary or linear"
    )
    step_percent: int | None = Field(
        None, ge=1, le=50, description="a canary of 1 to 50, linear steps of 10 to 50 (percent)"
    )
    step_wait_seconds: int | None = Field(
        None, ge=0, le=3600, description="0 to 3600 seconds of watching the alarms between steps"
    )
    bake_seconds: int = Field(
        ge=0,
        le=3600,
        description="0 to 3600 seconds of watching with all traffic shifted, old instances kept",
    )
    timeout_seconds: int = Field(
        ge=600, le=28800, description="600 to 28800 seconds for the whole deployment"
    )
    rollback_on_alarm: bool = Field(description="true, or false to deploy although alarms are red")

    @property
    def waits(self) -> dict[str, int]:
        """The periods in which alarms are watched, by the key that sets them, in seconds."""
        periods = {"bake_seconds": self.bake_seconds}
        if self.step_wait_seconds is not None:
            periods["step_wait_seconds"] = self.step_wait_seconds
        return periods

    @property
    def waiting_seconds(self) -> int:
        """What all waits of one deployment add up to."""
        if self.step_percent is None or self.step_wait_seconds is None:
            return self.bake_seconds
        partial_steps = 1 if self.strategy == "canary" else math.ceil(100 / self.step_percent) - 1
        return partial_steps * self.step_wait_seconds + self.bake_seconds

    @model_validator(mode="after")
    def _steps_suit_the_strategy(self) -> Self:
        for key in ("step_percent", "step_wait_seconds"):
            value = getattr(self, key)
            if self.strategy == "all_at_once" and value is not None:
                raise ValueError(
                    f"{key} is {value} but all_at_once has no steps; remove it, or set strategy"
                    " to canary or linear"
                )
            if self.strategy != "all_at_once" and value is None:
                raise ValueError(f"strategy {self.strategy} needs {key}; add it")
        if self.strategy == "linear" and self.step_percent is not None and self.step_percent < 10:
            raise ValueError(f"step_percent is {self.step_percent}; linear steps are 10 to 50")
        return self

    @model_validator(mode="after")
    def _time_enough(self) -> Self:
        if self.timeout_seconds <= self.waiting_seconds:
            raise ValueError(
                f"timeout_seconds is {self.timeout_seconds}, but the waits of the steps and the"
                f" bake alone take {self.waiting_seconds}; allow more, because starting instances"
                " takes minutes too"
            )
        return self
