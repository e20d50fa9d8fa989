"""The whole life of a regression project on this machine: event, pipeline, stack, prediction."""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from generator.demo.play import play
from generator.demo.settings import demo_settings

BUDGET_SECONDS = 60
ENVIRONMENTS = Path(".cache/environments")


def measure() -> dict[str, float]:
    """Play the demo twice into temporary folders; return the second one's seconds by phase.

    The first, not counted, installs the rendered repositories' environments.
    """
    phases: dict[str, float] = {}
    for _ in ("warm up", "count"):
        with tempfile.TemporaryDirectory(prefix="aiops-bench-") as folder:
            settings = demo_settings(output=Path(folder), cache=ENVIRONMENTS)
            phases = play(settings, Console(quiet=True)).phases
    return phases


def print_lifecycle(phases: dict[str, float], console: Console) -> bool:
    """Print where the time goes; return whether the budget holds."""
    whole = sum(phases.values())
    table = Table(title="A project's whole life on this machine, environments installed")
    table.add_column("phase")
    table.add_column("wall s", justify="right")
    for name, seconds in phases.items():
        table.add_row(name, f"{seconds:.1f}")
    table.add_section()
    holds = whole <= BUDGET_SECONDS
    verdict = "[green]holds[/]" if holds else "[red]EXCEEDED[/]"
    table.add_row(f"all (at most {BUDGET_SECONDS})", f"{whole:.1f}  {verdict}")
    console.print(table)
    return holds
