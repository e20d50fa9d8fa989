"""Asks a target again and again, several at a time: each asks, waits for the answer, asks again.

A closed loop never has more requests under way than it has workers, so a target that slows down is
asked less, not buried.
"""

import itertools
import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from operations.prediction_target import NotAnswered, Target

_SAID = 200  # characters of an error that are kept
_PROGRESS_SECONDS = 5.0


@dataclass(frozen=True)
class LoadedRequest:
    """What to send; ``streamed`` answers are read piece by piece."""

    body: bytes
    content_type: str
    streamed: bool = False


@dataclass(frozen=True)
class Load:
    """How many ask at a time, and when they stop: after so many requests, or seconds."""

    workers: int
    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request: how long until the whole answer, and until a stream's first piece.

    ``failure`` is the status or the reason of what is no answer, and ``said`` what came with it.
    """

    milliseconds: float
    first_milliseconds: float | None = None
    failure: str | None = None
    said: str = ""


@dataclass(frozen=True)
class Measured:
    """Every exchange, and the seconds from the first question to the last answer."""

    exchanges: tuple[Exchange, ...]
    seconds: float


def run_load(
    target: Target,
    requests: Sequence[LoadedRequest],
    load: Load,
    progress: Callable[[str], None] = lambda _: None,
) -> Measured:
    """Ask ``requests`` in turn until the load's end; what fails is measured, too."""
    numbers = itertools.count()
    start = time.perf_counter()
    told = start
    # Workers share these: counting, appending and looking are atomic.
    exchanges: list[Exchange] = []
    interrupted = threading.Event()

    def work(first: bool) -> None:
        nonlocal told
        while (number := next(numbers)) < load.requests:
            if interrupted.is_set() or time.perf_counter() - start >= load.seconds:
                return
            exchanges.append(exchange(target, requests[number % len(requests)]))
            now = time.perf_counter()
            if first and now - told >= _PROGRESS_SECONDS:
                told = now
                failed = sum(each.failure is not None for each in exchanges)
                progress(f"{now - start:.0f} s: {len(exchanges)} answers, {failed} errors")

    with ThreadPoolExecutor(load.workers) as pool:
        workers = [pool.submit(work, not index) for index in range(load.workers)]
        try:
            for worker in workers:
                worker.result()
        finally:
            interrupted.set()
    return Measured(tuple(exchanges), time.perf_counter() - start)


def exchange(target: Target, request: LoadedRequest) -> Exchange:
    """Ask once."""
    start = time.perf_counter()
    try:
        if request.streamed:
            stream = target.stream(request.body, request.content_type)
            body, status, first = b"".join(stream.pieces), stream.status, stream.first_milliseconds
        else:
            answer = target.invoke(request.body, request.content_type)
            body, status, first = answer.body, answer.status, None
    except NotAnswered as error:
        return Exchange(_since(start), failure=error.reason, said=str(error)[:_SAID])
    passed = _since(start)
    if status != 200:
        return Exchange(passed, failure=str(status), said=_text(body)[:_SAID])
    broken = _error_in_stream(body) if request.streamed else None
    if broken is not None:
        return Exchange(passed, first, failure="error in a stream", said=broken[:_SAID])
    return Exchange(passed, first)


def _error_in_stream(body: bytes) -> str | None:
    """The event with an error, which comes where the status 200 has been sent already."""
    for line in _text(body).splitlines():
        data = line.removeprefix("data:").strip()
        if '"error"' in data:
            try:
                event = json.loads(data)
            except ValueError:
                continue
            if isinstance(event, dict) and event.get("error"):
                return data
    return None


def _since(start: float) -> float:
    return 1000 * (time.perf_counter() - start)


def _text(body: bytes) -> str:
    return body.decode(errors="replace")
