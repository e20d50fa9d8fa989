"""Items cross from a worker's thread to a coroutine as they come, and no further than wanted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

import pytest

from source.streaming import StreamingWorkers


def test_items_come_in_order_from_another_thread() -> None:
    async def ask() -> list[tuple[int, bool]]:
        workers = StreamingWorkers(ThreadPoolExecutor(1))
        here = threading.get_ident()
        each = workers.stream(lambda: ((n, threading.get_ident() != here) for n in range(3)))
        found = [item async for item in each]
        assert workers.waiting == 0
        return found

    assert asyncio.run(ask()) == [(0, True), (1, True), (2, True)]


def test_an_error_comes_after_what_was_said_before_it() -> None:
    def produce() -> Iterator[str]:
        yield "first"
        raise RuntimeError("worn out")

    async def ask() -> list[str]:
        workers = StreamingWorkers(ThreadPoolExecutor(1))
        said: list[str] = []
        with pytest.raises(RuntimeError, match="worn out"):
            async for item in workers.stream(produce):
                said.append(item)
        assert workers.waiting == 0
        return said

    assert asyncio.run(ask()) == ["first"]


def test_a_worker_stops_when_no_one_listens() -> None:
    produced: list[int] = []
    listening = threading.Event()

    def produce() -> Iterator[int]:
        for number in range(1000):
            produced.append(number)
            yield number
            if number:
                assert listening.wait(10)

    async def ask() -> None:
        pool = ThreadPoolExecutor(1)
        workers = StreamingWorkers(pool)
        async with aclosing(workers.stream(produce)) as items:
            assert await anext(items) == 0
            assert workers.waiting == 1
        assert workers.waiting == 0
        listening.set()
        await asyncio.to_thread(pool.shutdown, True)

    asyncio.run(ask())
    assert len(produced) <= 3
