"""Prints measurements side by side, ratios, and whether the budgets hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.cost import Cost, Spread, spread
from benchmarks.ways import WAYS, OurCost

WARM, COLD = "ours, warm", "ours, cold"
COMMAND = "aiops create"
IMPORT, INTERPRETER = "import only", "interpreter"
OTHERS = ("git commands", "cookiecutter")


class Measurements:
    """All costs, by the way that had them."""

    def __init__(self) -> None:
        self.costs: dict[str, list[Cost]] = defaultdict(list)

    def add(self, way: str, cost: Cost) -> None:
        """Keep one more measurement of `way`."""
        self.costs[way].append(cost)

    def of(self, way: str, what: str) -> Spread:
        """Return the spread of one kind of cost."""
        return spread([getattr(cost, what) for cost in self.costs[way]])


@dataclass(frozen=True)
class Budget:
    """A limit and what was measured, both in `unit`."""

    name: str
    measured: float
    limit: float
    unit: str

    @property
    def holds(self) -> bool:
        """Whether the measured value is within the limit."""
        return self.measured <= self.limit


def budgets(measured: Measurements) -> Iterator[Budget]:
    """Yield the budgets with the medians that were measured."""
    idle_cpu = measured.of(INTERPRETER, "cpu").middle
    idle_peak = measured.of(INTERPRETER, "peak").middle
    yield Budget("render and push both, warm", measured.of(WARM, "cpu").middle, 0.3, "s CPU")
    yield Budget("content-creating calls", measured.costs[WARM][-1].changes or 0, 3, "calls")
    yield Budget("cold import", measured.of(IMPORT, "cpu").middle - idle_cpu, 1.0, "s CPU")
    yield Budget(
        "memory over the interpreter, imported",
        measured.of(IMPORT, "peak").middle - idle_peak,
        64,
        "MiB",
    )
    yield Budget(
        "memory over the interpreter, whole command",
        measured.of(COMMAND, "peak").middle - idle_peak,
        64,
        "MiB",
    )


def print_report(
    measured: Measurements, template: str, repetitions: int, load: tuple[float, float]
) -> bool:
    """Print everything to the terminal; return whether all budgets hold."""
    console = Console()
    console.width = max(console.width, 110)  # a log file is no terminal
    console.print(_ways(measured, template, repetitions))
    for way, measure in WAYS.items():
        console.print(f"  {way}: {measure.__doc__}")
    halves = [cost for cost in measured.costs[WARM] if isinstance(cost, OurCost)]
    console.print(
        f"  Of ours, warm: rendering {spread([c.render for c in halves]).middle:.3f} s CPU,"
        f" pushing {spread([c.push for c in halves]).middle:.3f} s CPU."
    )
    console.print(_ratios(measured))
    console.print(
        f"Load of the machine: {load[0]:.1f} before, {load[1]:.1f} after. A value marked ~ varied"
        " by more than half of its median: run again on a quiet machine before comparing."
    )
    console.print(budget_table(list(budgets(measured))))
    return all(budget.holds for budget in budgets(measured))


def _ways(measured: Measurements, template: str, repetitions: int) -> Table:
    table = Table(
        title=f"Two repositories from the template {template}: median of {repetitions} (min-max)"
    )
    table.add_column("way", no_wrap=True)
    for heading in ("CPU s", "wall s", "peak MiB", "requests", "content-creating"):
        table.add_column(heading, justify="right")
    for way, costs in measured.costs.items():
        table.add_row(
            way,
            in_range(measured.of(way, "cpu")),
            in_range(measured.of(way, "wall")),
            f"{measured.of(way, 'peak').middle:.0f}",
            str(costs[-1].requests or "-"),
            str(costs[-1].changes or "-"),
        )
    return table


def _ratios(measured: Measurements) -> Table:
    table = Table(title="How many times ours")
    table.add_column("way")
    columns = [(way, what) for way in (WARM, COLD) for what in ("cpu", "wall")]
    for way, what in columns:
        table.add_column(f"{what} of {way}", justify="right")
    rows: dict[str, tuple[str, ...]] = {way: (way,) for way in OTHERS}
    rows["both together"] = OTHERS
    for name, others in rows.items():
        ratios = [
            sum(measured.of(other, what).middle for other in others) / measured.of(way, what).middle
            for way, what in columns
        ]
        table.add_row(name, *(f"{ratio:.1f}" for ratio in ratios))
    return table


def in_range(value: Spread) -> str:
    """Return the median and the ends; ~ marks a wide spread."""
    mark = "~" if value.noisy else ""
    return f"{mark}{value.middle:.3f} ({value.lowest:.3f}-{value.highest:.3f})"


def budget_table(all_budgets: list[Budget]) -> Table:
    """Return the budgets as a table: what holds, what was measured, and the limit."""
    table = Table(title="Budgets")
    for heading in ("", "budget", "measured", "limit"):
        table.add_column(heading)
    for budget in all_budgets:
        table.add_row(
            "[green]holds[/]" if budget.holds else "[red]EXCEEDED[/]",
            budget.name,
            f"{budget.measured:.3g} {budget.unit}",
            f"{budget.limit:g} {budget.unit}",
        )
    return table
