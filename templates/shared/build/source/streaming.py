"""From a thread that computes to a coroutine that answers: items as they come, one by one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Executor
from typing import Any, TypeVar

Item = TypeVar("Item")


class StreamingWorkers:
    """An executor whose work is read while it is done; `waiting` streams have not ended."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.waiting = 0

    async def stream(self, produce: Callable[[], Iterable[Item]]) -> AsyncIterator[Item]:
        """What `produce` yields in a thread of the executor; whatever it raises is raised here.

        It is not asked for more once no one listens any longer.
        """
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[Any] = asyncio.Queue()
        abandoned = threading.Event()
        end = object()

        def tell(item: object) -> None:
            loop.call_soon_threadsafe(arrived.put_nowait, item)

        def work() -> None:
            try:
                for item in produce():
                    if abandoned.is_set():
                        return
                    tell(item)
                tell(end)
            except BaseException as error:
                tell(error)

        self.waiting += 1
        task = self._executor.submit(work)
        try:
            while (item := await arrived.get()) is not end:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            abandoned.set()
            task.cancel()
            self.waiting -= 1
