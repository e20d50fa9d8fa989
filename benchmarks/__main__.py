"""`python -m benchmarks`: measures all ways in one run, in turn, and says what holds."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click
from rich.console import Console

from benchmarks.control_report import measure as measure_control_plane
from benchmarks.control_report import print_control_plane
from benchmarks.lifecycle import measure as measure_lifecycle
from benchmarks.lifecycle import print_lifecycle
from benchmarks.rag.measure import measure as measure_rag
from benchmarks.rag.report import print_table as print_rag
from benchmarks.report import Measurements, print_report
from benchmarks.ways import WAYS, Stage


@click.command()
@click.option("--repetitions", default=7, show_default=True, type=click.IntRange(3))
@click.option("--template", default="regression", show_default=True)
@click.option("--control-plane/--no-control-plane", default=True, help="Also a project from event.")
@click.option("--lifecycle/--no-lifecycle", default=True, help="Also play a whole project.")
@click.option("--rag/--no-rag", default=True, help="Also the RAG index against its libraries.")
@click.option("--check", is_flag=True, help="Exit with 1 when a budget is exceeded.")
def main(
    repetitions: int,
    template: str,
    control_plane: bool,
    lifecycle: bool,
    rag: bool,
    check: bool,
) -> None:
    """Measure what making a project's two repositories costs, side by side with other ways.

    The ways take turns, so that a busy moment of the machine hits all of them.
    """
    measured = Measurements()
    load_before = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory(prefix="aiops-bench-") as folder,
        Stage(Path(folder), template) as stage,
    ):
        for way, measure in WAYS.items():
            measure(stage)  # not counted: fills caches and writes byte code
            click.echo(f"warmed up: {way}", err=True)
        for repetition in range(repetitions):
            for way, measure in WAYS.items():
                measured.add(way, measure(stage))
            click.echo(f"repetition {repetition + 1} of {repetitions}", err=True)
    held = print_report(measured, template, repetitions, (load_before, os.getloadavg()[0]))
    if control_plane:
        console = Console()
        console.width = max(console.width, 125)  # a log file is no terminal
        held = print_control_plane(measure_control_plane(repetitions), console) and held
    if lifecycle:
        held = print_lifecycle(measure_lifecycle(), Console()) and held
    if rag:
        console = Console()
        console.width = max(console.width, 125)
        held = print_rag(measure_rag(), console) and held
    if check and not held:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
