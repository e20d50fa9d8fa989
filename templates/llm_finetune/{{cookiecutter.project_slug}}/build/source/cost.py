"""What a training run cost: instance hours always, money where the price is known.

Prices come with the settings (`prices`: instance type to US dollars an hour); a laptop has neither.
Time that an interrupted attempt had spent before is counted, as it is billed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SPENT = "spent.json"
CONTAINER = "/opt/ml"


@dataclass(frozen=True)
class Spent:
    """Seconds of all attempts so far, this one included, and how many attempts there were."""

    seconds: float = 0.0
    attempts: int = 1

    @classmethod
    def before(cls, checkpoints: Path) -> Spent:
        """What earlier attempts have left; this attempt is counted."""
        try:
            found = json.loads((checkpoints / SPENT).read_text(encoding="utf-8"))
            return cls(float(found["seconds"]), int(found["attempts"]) + 1)
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def plus(self, seconds: float) -> Spent:
        """With this attempt's seconds."""
        return Spent(self.seconds + seconds, self.attempts)

    def save(self, checkpoints: Path) -> None:
        """Leave it for the next attempt."""
        (checkpoints / SPENT).write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Cost:
    """Of one training run; `usd` is None where no price is known."""

    instance_type: str | None
    instances: int
    attempts: int
    seconds: float
    instance_hours: float
    usd_per_hour: float | None
    usd: float | None

    def as_dict(self) -> dict[str, Any]:
        """For cost.json."""
        return asdict(self)


def cost_of(
    spent: Spent, prices: Mapping[str, float], environment: Mapping[str, str] = os.environ
) -> Cost:
    """The run's cost by SageMaker's own variables.

    A local run has them too, and says with SAGEMAKER_BASE_DIR that it is none of SageMaker's.
    """
    rented = environment.get("SAGEMAKER_BASE_DIR", CONTAINER) == CONTAINER
    kind = environment.get("SM_CURRENT_INSTANCE_TYPE") if rented else None
    kind = kind if kind and kind.startswith("ml.") else None
    instances = len(json.loads(environment.get("SM_HOSTS") or '["localhost"]'))
    hours = spent.seconds / 3600 * instances
    price = prices.get(kind) if kind else None
    return Cost(
        instance_type=kind,
        instances=instances,
        attempts=spent.attempts,
        seconds=round(spent.seconds, 1),
        instance_hours=round(hours, 4),
        usd_per_hour=price,
        usd=None if price is None else round(hours * price, 4),
    )
