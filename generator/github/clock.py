"""The time, and waiting for it to pass: one object, so that a test needs no real waiting."""

from __future__ import annotations

import threading
import time


class Clock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""
        time.sleep(seconds)


class Pace:
    """Keeps changes a second apart, as GitHub asks of its clients, whichever thread makes them."""

    SECONDS = 1.0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at = 0.0

    def keep(self) -> None:
        """Wait until the next change may be sent."""
        with self._lock:
            now = self._clock.now()
            # A clock that was set back must not make us wait for it to catch up.
            pause = min(max(self._free_at - now, 0.0), self.SECONDS)
            if pause:
                self._clock.sleep(pause)
            self._free_at = now + pause + self.SECONDS
