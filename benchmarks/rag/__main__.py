"""`python -m benchmarks.rag`: measures the RAG template's index against plain libraries, in turn.

Run it with a Python that has the template's build requirements. Without them it says so and ends
well, and nothing else depends on it.
"""

from __future__ import annotations

from importlib.util import find_spec

import click
from rich.console import Console

from benchmarks.marked import NotMeasured, measured_by
from benchmarks.rag.report import Measurements, print_table
from benchmarks.rag.ways import BUILD, WAYS, Measured, Task

LIBRARIES = ("bm25s", "faiss", "Stemmer")


@click.command()
@click.option(
    "--chunks",
    "sizes",
    multiple=True,
    type=click.IntRange(1_000),
    default=(10_000, 30_000, 100_000),
    show_default=True,
)
@click.option("--questions", default=200, show_default=True, type=click.IntRange(20))
@click.option("--repetitions", default=3, show_default=True, type=click.IntRange(1))
@click.option("--check", is_flag=True, help="Exit with 1 when a promise does not hold.")
def main(sizes: tuple[int, ...], questions: int, repetitions: int, check: bool) -> None:
    """Measure building and asking an index, and its memory.

    The ways take turns, so that a busy moment of the machine hits both.
    """
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        click.echo(
            f"benchmarks.rag: {', '.join(missing)} not installed here, use a Python with the "
            "template's requirements; nothing was measured"
        )
        return
    measured = Measurements()
    for chunks in sorted(set(sizes)):
        for repetition in range(repetitions):
            for way in WAYS:
                measured.add(chunks, way, run(Task(way, chunks, questions)))
            click.echo(f"{chunks:,} chunks: {repetition + 1} of {repetitions}", err=True)
    held = print_table(measured, Console())
    if check and not held:
        raise SystemExit(1)


def run(task: Task) -> Measured:
    """Measure a task in a process of its own; a failure becomes its last line."""
    # One core each: what is compared is the code, not how many cores were free.
    environment = {"OMP_NUM_THREADS": "1"}
    try:
        found = measured_by("benchmarks.rag.worker", task, build=BUILD, environment=environment)
    except NotMeasured as error:
        return Measured(0.0, 0.0, 0.0, 0.0, "", str(error))
    return Measured(**found)


if __name__ == "__main__":
    main()
