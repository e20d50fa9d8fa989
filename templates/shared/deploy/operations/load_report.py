"""What a load test has measured, as a person reads it and as a program does."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from operations.closed_loop import Measured


@dataclass(frozen=True)
class Latency:
    """Milliseconds; pNN is the smallest that NN % of the answers did not exceed."""

    p50: float
    p95: float
    p99: float
    slowest: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> Self | None:
        """None of nothing."""
        if not milliseconds:
            return None
        ordered = sorted(milliseconds)
        p50, p95, p99 = (ordered[math.ceil(q * len(ordered)) - 1] for q in (0.50, 0.95, 0.99))
        return cls(p50, p95, p99, ordered[-1])

    def __str__(self) -> str:
        """On one line."""
        return "  ".join(f"{name} {value:.0f} ms" for name, value in asdict(self).items())


@dataclass(frozen=True)
class LoadReport:
    """Latencies are of right answers only; errors are counted by status or reason."""

    target: str
    concurrency: int
    requests: int
    seconds: float
    latency: Latency | None
    first_piece: Latency | None
    errors: dict[str, int]
    examples: dict[str, str]

    @classmethod
    def of(cls, measured: Measured, target: str, concurrency: int) -> Self:
        """The figures of a measurement."""
        answers = [each for each in measured.exchanges if each.failure is None]
        failed = [each for each in measured.exchanges if each.failure is not None]
        firsts = [each.first_milliseconds for each in answers if each.first_milliseconds]
        return cls(
            target=target,
            concurrency=concurrency,
            requests=len(measured.exchanges),
            seconds=measured.seconds,
            latency=Latency.of([each.milliseconds for each in answers]),
            first_piece=Latency.of(firsts),
            errors=dict(Counter(str(each.failure) for each in failed).most_common()),
            examples={str(each.failure): each.said for each in reversed(failed)},
        )

    @property
    def answers_per_second(self) -> float:
        """Right answers in the time from the first question to the last answer."""
        return (self.requests - sum(self.errors.values())) / self.seconds

    def text(self) -> str:
        """A few lines."""
        lines = [
            f"{self.target}: {self.requests} requests, {self.concurrency} at a time,"
            f" in {self.seconds:.1f} s: {self.answers_per_second:.1f} answers a second"
        ]
        if self.latency:
            lines.append(f"latency      {self.latency}")
        if self.first_piece:
            lines.append(f"first piece  {self.first_piece}")
        for failure, count in self.errors.items():
            share = count / self.requests
            lines.append(f"error {failure}: {count} ({share:.1%}), such as")
            lines.append(f"  {self.examples[failure]}")
        return "\n".join(lines)

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self) | {"answers_per_second": self.answers_per_second}
