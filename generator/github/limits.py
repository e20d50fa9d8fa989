"""GitHub's rate limits: how long an answer asks us to wait, and how many requests are left.

A primary limit counts requests per hour. Secondary limits guard against bursts; GitHub says
`retry-after`, or nothing at all, and then asks for a minute at least (its REST documentation).
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from generator.github.http import Answer

if TYPE_CHECKING:
    from generator.github.transport import Api

SECONDARY_SECONDS = 60.0
SECONDARY = ("secondary rate limit", "abuse detection")


@dataclass(frozen=True)
class RateLimit:
    """Requests per hour: how many there are, how many are left, and when they come back.

    resets_at: seconds since 1970.
    """

    limit: int
    remaining: int
    resets_at: int


def rate_limit(api: Api) -> RateLimit:
    """Ask GitHub, which does not count the question. An Enterprise Server may have no limits."""
    answer = api.find("/rate_limit")
    if answer is None:
        return RateLimit(limit=0, remaining=0, resets_at=0)
    core = answer["resources"]["core"]
    return RateLimit(core["limit"], core["remaining"], core["reset"])


def told(answer: Answer) -> RateLimit | None:
    """Return what the headers of any answer say about the limit; None if they say nothing."""
    try:
        return RateLimit(
            limit=int(answer.headers["x-ratelimit-limit"]),
            remaining=int(answer.headers["x-ratelimit-remaining"]),
            resets_at=int(answer.headers["x-ratelimit-reset"]),
        )
    except (KeyError, ValueError):
        return None


def pause_asked(answer: Answer, now: float) -> float | None:
    """Return the seconds that `answer` asks us to wait; None when it is no matter of limits."""
    if answer.status not in {403, 429}:
        return None
    asked = answer.headers.get("retry-after", "")
    if asked.isdecimal():
        return max(float(asked), 1.0)
    limit = told(answer)
    if limit and limit.remaining == 0:
        # GitHub's own clock counts: ours may be off.
        return max(limit.resets_at - _date(answer, now), 0.0) + 1.0
    if answer.status == 429 or any(words in answer.message.lower() for words in SECONDARY):
        return SECONDARY_SECONDS
    return None


def _date(answer: Answer, now: float) -> float:
    try:
        return parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return now
