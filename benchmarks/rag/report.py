"""The table of what was measured, and whether the template keeps to what it promises."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from benchmarks.rag.ways import PLAIN, TEMPLATE, Measured

# What the template may cost beside the libraries themselves.
OVERHEAD = 0.10
# How much the cost of a chunk may grow from the smallest index to the largest.
GROWTH = 0.35


class Measurements:
    """What every way has measured, by the number of chunks, repetition by repetition."""

    def __init__(self) -> None:
        self._all: defaultdict[tuple[int, str], list[Measured]] = defaultdict(list)

    def add(self, chunks: int, way: str, measured: Measured) -> None:
        """One repetition."""
        self._all[chunks, way].append(measured)

    @property
    def sizes(self) -> list[int]:
        """Numbers of chunks, smallest first."""
        return sorted({chunks for chunks, _ in self._all})

    def failures(self) -> list[str]:
        """Why repetitions failed."""
        return [one.failure for found in self._all.values() for one in found if one.failure]

    def median(self, chunks: int, way: str, figure: Callable[[Measured], float]) -> float:
        """The median of a figure over the repetitions."""
        return statistics.median(figure(one) for one in self._all[chunks, way])

    def overhead(self, chunks: int, figure: Callable[[Measured], float]) -> float:
        """How much more the template takes, as a share; the best repetition of each counts.

        What else a machine does makes times longer, never shorter.
        """
        ours, theirs = (
            min(figure(one) for one in self._all[chunks, way]) for way in (TEMPLATE, PLAIN)
        )
        return ours / theirs - 1

    def growth(self) -> float:
        """How much more a chunk costs to index in the largest index than in the smallest."""
        first, last = (
            min(one.build_seconds for one in self._all[chunks, TEMPLATE]) / chunks
            for chunks in (self.sizes[0], self.sizes[-1])
        )
        return last / first - 1

    def alike(self, chunks: int) -> bool:
        """Whether the template's repetitions have all found the same."""
        return len({one.found for one in self._all[chunks, TEMPLATE]}) == 1


def build(measured: Measured) -> float:
    """Seconds to build the index."""
    return measured.build_seconds


def query(measured: Measured) -> float:
    """Milliseconds of the median query."""
    return measured.query_ms


def print_table(measured: Measurements, console: Console) -> bool:
    """Print everything; whether all promises hold."""
    for failure in measured.failures():
        console.print(f"failed: {failure}")
    if measured.failures():
        return False
    table = Table(title="An index of chunks with 256 numbers each, exact search, BM25 and fusion")
    for name in ("chunks", "way"):
        table.add_column(name)
    for name in ("build s", "query ms", "95% ms", "peak MiB", "build +", "query +"):
        table.add_column(name, justify="right")
    held = []
    for chunks in measured.sizes:
        for way in (PLAIN, TEMPLATE):
            cells = [
                f"{measured.median(chunks, way, figure):,.2f}"
                for figure in (build, query, lambda one: one.slow_query_ms)
            ]
            cells.append(f"{measured.median(chunks, way, lambda one: one.peak_mib):,.0f}")
            more = ["", ""]
            if way == TEMPLATE:
                shares = [measured.overhead(chunks, figure) for figure in (build, query)]
                more = [f"{share:+.0%}" for share in shares]
                held += [share <= OVERHEAD for share in shares]
            table.add_row(f"{chunks:,}", way, *cells, *more)
    console.print(table)
    growth = measured.growth()
    held += [growth <= GROWTH, *(measured.alike(chunks) for chunks in measured.sizes)]
    console.print(
        f"a chunk costs {growth:+.0%} to index among {measured.sizes[-1]:,} as among "
        f"{measured.sizes[0]:,}; allowed {GROWTH:+.0%}, and {OVERHEAD:.0%} over plain libraries"
    )
    return all(held)
