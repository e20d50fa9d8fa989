"""`python -m benchmarks.rag`: measures the RAG template's index against plain libraries, in turn.

With a Python that has the template's build requirements it runs in that; else they are installed
into an environment of their own first.
"""

from __future__ import annotations

import click
from rich.console import Console

from benchmarks.rag.measure import QUESTIONS, REPETITIONS, SIZES, measure
from benchmarks.rag.report import print_table


@click.command()
@click.option(
    "--chunks",
    "sizes",
    multiple=True,
    type=click.IntRange(1_000),
    default=SIZES,
    show_default=True,
)
@click.option("--questions", default=QUESTIONS, show_default=True, type=click.IntRange(20, 1000))
@click.option("--repetitions", default=REPETITIONS, show_default=True, type=click.IntRange(1))
@click.option("--check", is_flag=True, help="Exit with 1 when a promise does not hold.")
def main(sizes: tuple[int, ...], questions: int, repetitions: int, check: bool) -> None:
    """Measure building and asking an index, its memory, and how both grow."""
    measured = measure(sizes, questions, repetitions)
    console = Console()
    console.width = max(console.width, 125)  # a log file is no terminal
    held = print_table(measured, console)
    if check and not held:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
