"""What an endpoint was asked in a window of time, and how it went, from its captured data."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import NormalDist

from pydantic import ValidationError

from source.capture import Exchange
from source.serving_request import Feedback


@dataclass(frozen=True)
class Asked:
    """A question that was answered or refused; `empty` when no passage was found for it."""

    question: str
    labels: tuple[str, ...]
    filtered: bool
    empty: bool
    refused: bool
    at: datetime
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def same_as(self) -> str:
        """The same for the same question, however it was typed."""
        return " ".join(self.question.split()).casefold()


@dataclass(frozen=True)
class Window:
    """The questions and ratings from `since`, included, to `until`.

    `failed` counts questions without an answer. `ratings` has the last one of each answer: True is
    up.
    """

    since: datetime
    until: datetime
    asked: tuple[Asked, ...] = ()
    failed: int = 0
    ratings: tuple[bool, ...] = ()

    def distinct(self) -> list[str]:
        """Each question once, as it was first asked, in that order."""
        first: dict[str, str] = {}
        for one in self.asked:
            first.setdefault(one.same_as, one.question)
        return list(first.values())


@dataclass(frozen=True)
class Share:
    """How many of `count` it is, as a share, and the interval in which it may truly be."""

    value: float
    interval: tuple[float, float]
    count: int

    @classmethod
    def of(cls, hits: Sequence[bool], confidence: float, same: Sequence[str] = ()) -> Share:
        """Wilson's interval. What is the `same` says the same again, and counts for less:
        by Kish's effective number, as if each repetition had to end as the first did."""
        count = len(hits)
        value = sum(hits) / count
        sizes = Counter(same) if same else Counter(range(count))
        effective = count**2 / sum(size**2 for size in sizes.values())
        z = NormalDist().inv_cdf((1 + confidence) / 2)
        middle = (value + z**2 / (2 * effective)) / (1 + z**2 / effective)
        spread = value * (1 - value) / effective + z**2 / (4 * effective**2)
        half = z * math.sqrt(spread) / (1 + z**2 / effective)
        return cls(value, (max(0.0, middle - half), min(1.0, middle + half)), count)


def read_windows(
    exchanges: Iterable[Exchange], until: datetime, window_days: int, reference_days: int
) -> tuple[Window, Window]:
    """The window that ends at `until`, and the one that ends where it begins.

    Exchanges without a time are left out: nobody knows to which they belong.
    """
    since = until - timedelta(days=window_days)
    before = since - timedelta(days=reference_days)
    inside, earlier = _Collected(), _Collected()
    for exchange in exchanges:
        if exchange.at is not None and before <= exchange.at < until:
            (inside if exchange.at >= since else earlier).add(exchange, exchange.at)
    return inside.window(since, until), earlier.window(before, since)


@dataclass
class _Collected:
    """What is kept of exchanges, whose passages would fill the memory."""

    asked: list[Asked] = field(default_factory=list)
    failed: int = 0
    ratings: dict[str, bool] = field(default_factory=dict)

    def add(self, exchange: Exchange, at: datetime) -> None:
        request, response = exchange.request or {}, exchange.response or {}
        if isinstance(request.get("feedback"), dict):
            if (given := _feedback(request["feedback"])) and response.get("recorded"):
                self.ratings[given.trace_id] = given.rating == "up"
        elif not isinstance(request.get("question"), str):
            return
        elif "trace_id" not in response:
            self.failed += 1
        else:
            self.asked.append(
                Asked(
                    question=request["question"].strip(),
                    labels=tuple(sorted(map(str, request.get("labels") or ()))),
                    filtered=bool(request.get("filters")),
                    empty=not response.get("passages"),
                    refused=bool(response.get("refused")),
                    at=at,
                    seconds=exchange.seconds,
                )
            )

    def window(self, since: datetime, until: datetime) -> Window:
        return Window(since, until, tuple(self.asked), self.failed, tuple(self.ratings.values()))


def _feedback(document: object) -> Feedback | None:
    try:
        return Feedback.model_validate(document)
    except ValidationError:
        return None
