"""Several pieces of work at the same moment: each in a process, or in a thread, of its own."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Job = Callable[[], Any]


def in_processes(jobs: Sequence[Job], at_once: int | None = None) -> list[Any]:
    """Return what each job returns, or the exception that it raised; all begin together.

    at_once: how many may run at the same time, when that is bounded.
    """
    room = multiprocessing.get_context("fork").Semaphore(at_once or len(jobs))
    waiting, start = os.pipe()
    children = []
    for job in jobs:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _be_the_child(job, waiting, writing, room)
        os.close(writing)
        children.append((child, reading))
    os.write(start, b"x" * len(jobs))
    answers = []
    for child, reading in children:
        with os.fdopen(reading, "rb") as pipe:
            answers.append(pickle.loads(pipe.read()))
        os.waitpid(child, 0)
    os.close(waiting)
    os.close(start)
    return answers


def in_threads(jobs: Sequence[Job], at_once: int | None = None) -> list[Any]:
    """Return what each job returns; an exception of one is raised here."""
    gate = threading.Barrier(min(at_once or len(jobs), len(jobs)))

    def run(number: int) -> Any:
        if number < gate.parties:
            gate.wait(timeout=60)
        return jobs[number]()

    with ThreadPoolExecutor(gate.parties) as pool:
        return list(pool.map(run, range(len(jobs))))


def _be_the_child(job: Job, waiting: int, writing: int, room: Any) -> None:
    """Do the job and end; whatever happens, this process must not go on as a test."""
    try:
        os.read(waiting, 1)
        with room:
            try:
                answer = job()
            except Exception as error:
                answer = error
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(pickle.dumps(answer))
    finally:
        os._exit(0)
