"""Measures a project through the control plane beside the reference's strategy, and prints both."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.control_plane import (
    COLD,
    IMPORT,
    INTERPRETER,
    REFERENCE,
    WARM,
    WAYS,
    ControlStage,
    ProjectCost,
)
from benchmarks.report import Budget, Measurements, budget_table, in_range
from generator.config.model import STAGES

# A push to each repository and the creation of one; and each GitHub environment is a call.
CREATING = 3 + len(STAGES)


def measure(repetitions: int) -> Measurements:
    """Let all ways take turns, after one round that does not count."""
    measured = Measurements()
    with (
        tempfile.TemporaryDirectory(prefix="aiops-bench-") as folder,
        ControlStage(Path(folder)) as stage,
    ):
        for repetition in range(repetitions + 1):
            for way, run in WAYS.items():
                cost = run(stage)
                if repetition:
                    measured.add(way, cost)
            click.echo(f"control plane: round {repetition} of {repetitions}", err=True)
    return measured


def budgets(measured: Measurements) -> Iterator[Budget]:
    """Yield the budgets with the medians that were measured."""
    idle_cpu = measured.of(INTERPRETER, "cpu").middle
    idle_peak = measured.of(INTERPRETER, "peak").middle
    yield Budget("seed both repositories, warm", measured.of(WARM, "cpu").middle, 0.3, "s CPU")
    yield Budget("cold import", measured.of(IMPORT, "cpu").middle - idle_cpu, 1.0, "s CPU")
    for way in (WARM, COLD):
        creating = max(cost.changes for cost in measured.costs[way])
        name = f"content-creating calls, {len(STAGES)} environments ({way.split(', ')[1]})"
        yield Budget(name, creating, CREATING, "calls")
    over = measured.of(COLD, "peak").middle - idle_peak
    yield Budget("memory over the interpreter", over, 64, "MiB")


def print_control_plane(measured: Measurements, console: Console) -> bool:
    """Print costs, ratios and budgets; return whether all budgets hold."""
    rounds = len(measured.costs[WARM])
    table = Table(title=f"A project through the control plane: median of {rounds} (min-max)")
    table.add_column("way", no_wrap=True)
    for heading in ("CPU s", "wall s", "peak MiB", "requests", "writing", "content-creating"):
        table.add_column(heading, justify="right")
    for way, costs in measured.costs.items():
        last = costs[-1]
        writes = last.writes if isinstance(last, ProjectCost) else 0
        table.add_row(
            way,
            in_range(measured.of(way, "cpu")),
            in_range(measured.of(way, "wall")),
            f"{measured.of(way, 'peak').middle:.0f}",
            str(last.requests or "-"),
            str(writes or "-"),
            str(last.changes or "-"),
        )
    console.print(table)
    for way, run in WAYS.items():
        console.print(f"  {way}: {' '.join((run.__doc__ or '').split())}")
    console.print(f"  {_compared(measured)}")
    found = list(budgets(measured))
    console.print(budget_table(found))
    return all(budget.holds for budget in found)


def _compared(measured: Measurements) -> str:
    ours, theirs = measured.costs[WARM][-1], measured.costs[REFERENCE][-1]
    assert isinstance(ours, ProjectCost) and isinstance(theirs, ProjectCost)
    cpu = measured.of(REFERENCE, "cpu").middle
    return (
        f"The reference takes {cpu / measured.of(WARM, 'cpu').middle:.1f} times the CPU of ours,"
        f" warm ({cpu / measured.of(COLD, 'cpu').middle:.1f} times cold),"
        f" {theirs.requests / ours.requests:.1f} times the requests and"
        f" {theirs.writes / ours.writes:.1f} times the writing ones, without environments,"
        f" reviewers and protection. Ours keeps a second between writing REST calls, as GitHub"
        f" asks: {ours.pauses:.1f} s a project, not in wall s of warm."
    )
