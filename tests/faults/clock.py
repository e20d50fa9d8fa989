"""Time that passes only when somebody waits: hours of pauses cost the tests nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import botocore.endpoint
import urllib3.util.retry

import generator.github.clock
import generator.repositories

# In the past, so that what is made at a real time is never before it.
START = 1_795_600_000.0


class OutOfTime(BaseException):
    """The function has used up its time: Lambda ends it, and no `except` of ours runs."""


class VirtualClock:
    """Seconds since 1970 that only waiting moves. It stands in for the module `time`.

    Each thread waits for itself, as functions do that run side by side.
    """

    def __init__(self) -> None:
        self._own = threading.local()
        self._latest = START

    def time(self) -> float:
        """Return the time of this thread; that of the start until it has waited."""
        return float(getattr(self._own, "now", START))

    def latest(self) -> float:
        """Return the latest time that any thread has seen: that of servers."""
        return self._latest

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass. Raises OutOfTime at the deadline."""
        deadline = getattr(self._own, "deadline", None)
        now = self.time() + max(seconds, 0.0)
        self._own.now = now if deadline is None else min(now, deadline)
        self._latest = max(self._latest, self._own.now)
        if deadline is not None and now >= deadline:
            self._own.deadline = None
            raise OutOfTime

    @contextmanager
    def deadline(self, seconds: float) -> Iterator[float]:
        """Let at most `seconds` pass meanwhile; yields when that is."""
        self._own.deadline = self.time() + seconds
        try:
            yield self._own.deadline
        finally:
            self._own.deadline = None

    @contextmanager
    def instead_of_time(self) -> Iterator[None]:
        """Be the time of everything that waits: our GitHub client, our pushes, libraries."""
        with (
            mock.patch.object(generator.github.clock, "time", self),
            mock.patch.object(generator.repositories, "time", self),
            mock.patch.object(botocore.endpoint, "time", self),
            mock.patch.object(urllib3.util.retry, "time", self),
        ):
            yield
