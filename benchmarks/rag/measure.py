"""Measures both ways at every size, each part of the work in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from benchmarks.rag.report import Measurements
from benchmarks.rag.ways import ASK, BUILD, CORPUS, INDEX, OPEN, WAYS, Measured, Task
from benchmarks.rag.worker import MARK

CHECKOUT = Path(__file__).resolve().parents[2]
LIBRARIES = ("bm25s", "faiss", "Stemmer", "scipy", "yaml")
SIZES = (10_000, 30_000, 100_000)
QUESTIONS, REPETITIONS = 200, 3


class NotMeasured(click.ClickException):
    """A worker failed, or there is no Python to run it with; a command ends with its text."""


def measure(
    sizes: Sequence[int] = SIZES, questions: int = QUESTIONS, repetitions: int = REPETITIONS
) -> Measurements:
    """Measure the ways in turn, so that a busy moment of the machine hits both.

    Raises `NotMeasured`.
    """
    python = python_with_libraries()
    measured = Measurements()
    for chunks in sorted(set(sizes)):
        with tempfile.TemporaryDirectory(prefix="aiops-bench-") as folder:
            task = Task(CORPUS, folder, chunks, questions)
            run(python, task)
            for repetition in range(repetitions):
                for way, found in _repetition(python, task).items():
                    measured.add(chunks, way, found)
                click.echo(f"{chunks:,} chunks: {repetition + 1} of {repetitions}", err=True)
    return measured


def _repetition(python: str, task: Task) -> dict[str, Measured]:
    figures: dict[str, dict[str, Any]] = {}
    for way in WAYS:
        figures[way] = {
            **run(python, replace(task, kind=INDEX, way=way)),
            **run(python, replace(task, kind=OPEN, way=way)),
        }
    asked = run(python, replace(task, kind=ASK))
    return {way: Measured(**figures[way], **asked[way]) for way in WAYS}


def run(python: str, task: Task) -> dict[str, Any]:
    """What a worker has measured. Raises `NotMeasured` with the last line of one that failed."""
    done = subprocess.run(
        [python, "-m", "benchmarks.rag.worker", json.dumps(asdict(task))],
        cwd=CHECKOUT,
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join([str(CHECKOUT), str(BUILD)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            # One core each: what is compared is the code, not how many cores were free.
            "OMP_NUM_THREADS": "1",
            # bm25s makes a progress bar for every question, even one that is not shown.
            "DISABLE_TQDM": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    for line in done.stdout.splitlines():
        if line.startswith(MARK):
            found: dict[str, Any] = json.loads(line.removeprefix(MARK))
            return found
    last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    raise NotMeasured(f"{task.kind} {task.way} of {task.chunks:,} chunks: {last}")


def python_with_libraries() -> str:
    """This Python, or one with the template's own requirements, as its `make setup` installs them.

    Raises `NotMeasured` when that does not succeed.
    """
    if all(find_spec(name) is not None for name in LIBRARIES):
        return sys.executable
    from benchmarks.lifecycle import ENVIRONMENTS
    from generator.demo.environments import environment_for
    from generator.errors import GeneratorError

    try:
        return str(environment_for(BUILD, ENVIRONMENTS) / "bin" / "python")
    except (GeneratorError, OSError) as error:
        raise NotMeasured(
            f"nothing was measured: the template's requirements are not installed: {error}"
        ) from error
