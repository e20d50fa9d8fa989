"""Everything that leaves a function goes through urllib3: here each call is named and noted.

One call can be sent into a `Storm` instead of where it was meant to go. A call to somebody that
nobody has named is noted as `unknown`, so that nothing leaves unseen.
"""

from __future__ import annotations

import inspect
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import urllib3
from urllib3.connectionpool import HTTPConnectionPool

from tests.faults.clock import VirtualClock
from tests.faults.storm import AFTER, CALLER, KIND, SERVICE, TARGET, Storm, Strike

# Returns an operation's name for method, target and headers.
Namer = Callable[[str, str, Mapping[str, str]], str]
# How long a silent server is listened to in fact; on the virtual clock it is as long as configured.
SILENCE_SECONDS = 0.03
URLOPEN = HTTPConnectionPool.urlopen
POSITIONS = list(inspect.signature(URLOPEN).parameters)[3:]


@dataclass(frozen=True, order=True)
class Call:
    """The `number`th call (from 1) of an operation that a step makes in one go."""

    step: str
    service: str
    operation: str
    number: int = 1

    def __str__(self) -> str:
        again = f" ({self.number})" if self.number > 1 else ""
        return f"{self.service} {self.operation}{again}"


@dataclass
class Aim:
    """Which call shall go wrong, with all that repeat it, until `times` have.

    passing: it is over when the step has ended in which it went wrong. met: how often it did.
    """

    call: Call
    strike: Strike
    times: int = 1_000_000
    passing: bool = False
    met: int = 0

    def kills(self, step: str) -> bool:
        """Whether the process of that step's next go shall be killed."""
        return self.strike.kind == "killed" and self.call.step == step and self.met < self.times


@dataclass
class Wire:
    """services: port of a stand-in -> its service and what names its calls. calls: so far.

    changing: those of the calls that may change something.
    """

    storm: Storm
    clock: VirtualClock
    services: dict[int, tuple[str, Namer]]
    calls: list[Call] = field(default_factory=list)
    changing: set[Call] = field(default_factory=set)
    aim: Aim | None = None
    _here: threading.local = field(default_factory=threading.local)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """See every call meanwhile. Only one wire can do so."""
        if HTTPConnectionPool.urlopen is not URLOPEN:
            raise RuntimeError("another stage stands: one at a time")

        def urlopen(pool: Any, method: str, url: str, *given: Any, **more: Any) -> Any:
            # urllib3 repeats by calling this again, with what was given by position.
            more |= zip(POSITIONS, given, strict=False)
            if self._step is None or pool.port in self.storm.ports:
                return URLOPEN(pool, method, url, **more)
            return self._seen(pool, method, url, more)

        with mock.patch.object(HTTPConnectionPool, "urlopen", urlopen):
            yield

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Let the calls meanwhile be those of one go of a step."""
        self._here.step, self._here.counts = name, Counter[tuple[str, str]]()
        try:
            yield
        finally:
            self._here.step = None
            if self.aim and self.aim.passing and self.aim.met:
                self.aim.times = self.aim.met

    @property
    def _step(self) -> str | None:
        """The step whose calls this thread makes; None for calls of nobody's."""
        return getattr(self._here, "step", None)

    def _seen(self, pool: Any, method: str, url: str, more: dict[str, Any]) -> Any:
        service, name = self.services.get(pool.port, ("unknown", _unknown))
        operation = name(method, url, more.get("headers") or {})
        if service == "unknown":
            operation = f"{pool.host}:{pool.port} {operation}"
        if operation.startswith("git/"):
            service, operation = "git", operation.removeprefix("git/")
        counts = self._here.counts
        counts[service, operation] += 1
        call = Call(self._step or "", service, operation, counts[service, operation])
        self.calls.append(call)
        if _changes(call, method):
            self.changing.add(call)
        if self._goes_wrong(call):
            return self._misled(pool, service, method, url, more)
        return URLOPEN(pool, method, url, **more)

    def _goes_wrong(self, call: Call) -> bool:
        aim = self.aim
        if aim is None or aim.met >= aim.times or call.number < aim.call.number:
            return False
        wanted = (aim.call.step, aim.call.service, aim.call.operation)
        if (call.step, call.service, call.operation) != wanted:
            return False
        aim.met += 1
        return True

    def _misled(self, pool: Any, service: str, method: str, url: str, more: dict[str, Any]) -> Any:
        """Send a call into the storm, with the same kind of connection and the same options."""
        assert self.aim is not None
        strike = self.aim.strike
        marks = {
            TARGET: f"{pool.host}:{pool.port}",
            KIND: strike.kind,
            AFTER: "yes" if strike.after else "",
            CALLER: str(os.getpid()),
            SERVICE: service,
        }
        more = {**more, "headers": {**dict(more.get("headers") or {}), **marks}}
        timeout = more.get("timeout") or pool.timeout
        if not isinstance(timeout, urllib3.Timeout):
            timeout = urllib3.Timeout(timeout)
        if strike.kind == "timeout":
            more["timeout"] = urllib3.Timeout(connect=5, read=SILENCE_SECONDS)
        elsewhere = type(pool)("127.0.0.1", self.storm.port(strike.kind), timeout=pool.timeout)
        try:
            return URLOPEN(elsewhere, method, url, **more)
        finally:
            if strike.kind == "timeout":
                self.clock.sleep(float(timeout.read_timeout or 60))


def _changes(call: Call, method: str) -> bool:
    if call.service == "github":
        return method != "GET"
    return call.operation == "receive-pack" or call.operation.startswith(
        ("Update", "Create", "Put")
    )


def by_target(method: str, url: str, headers: Mapping[str, str]) -> str:
    """Name a call of an AWS service that speaks JSON: its header says what it is for."""
    target = dict(headers.items())["X-Amz-Target"]
    return (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]


def _unknown(method: str, url: str, headers: Mapping[str, str]) -> str:
    return f"{method} {url.partition('?')[0]}"
