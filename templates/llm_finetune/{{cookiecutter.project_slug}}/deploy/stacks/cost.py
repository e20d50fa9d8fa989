"""What the endpoint costs, from the price of an instance and a load test's throughput."""

import math
from dataclasses import dataclass

from stacks.stage_config import StageConfig

_HOURS_PER_MONTH = 730


@dataclass(frozen=True)
class CostEstimate:
    """USD a month, idle and with every copy busy, and USD for a million generated tokens."""

    least_per_month: float
    most_per_month: float
    per_million_tokens: float

    def __str__(self) -> str:
        return (
            f"{self.least_per_month:,.0f} to {self.most_per_month:,.0f} USD a month,"
            f" {self.per_million_tokens:,.2f} USD per million tokens when busy"
        )


def estimate(config: StageConfig) -> CostEstimate | None:
    """Estimate the instances' cost; None when the configuration has no prices.

    Without copies an endpoint that scales to zero still runs in its busy hours.
    """
    if config.cost is None:
        return None
    cost, copies, endpoint = config.cost, config.copies, config.endpoint
    needed = math.ceil(copies.min / config.copies_per_instance)
    least = max(endpoint.min_instances, needed)
    hours = _HOURS_PER_MONTH if least else min(cost.busy_hours_per_month, _HOURS_PER_MONTH)
    most = min(endpoint.max_instances, math.ceil(copies.max / config.copies_per_instance))
    tokens_per_hour = 3600 * cost.tokens_per_second * config.copies_per_instance
    return CostEstimate(
        least_per_month=max(least, 1) * hours * cost.instance_usd_per_hour,
        most_per_month=most * _HOURS_PER_MONTH * cost.instance_usd_per_hour,
        per_million_tokens=1e6 * cost.instance_usd_per_hour / tokens_per_hour,
    )
