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
Figure = Callable[[Measured], float]


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

    def median(self, chunks: int, way: str, figure: Figure) -> float:
        """The median of a figure over the repetitions."""
        return statistics.median(map(figure, self._all[chunks, way]))

    def best(self, chunks: int, way: str, figure: Figure) -> float:
        """The least over the repetitions: what else a machine does makes times only longer."""
        return min(map(figure, self._all[chunks, way]))

    def overhead(self, chunks: int, figure: Figure) -> float:
        """How much more the template takes, as a share."""
        return self.best(chunks, TEMPLATE, figure) / self.best(chunks, PLAIN, figure) - 1

    def growth(self, figure: Figure) -> float:
        """How much more of the template's cost a chunk has in the largest index, as a share."""
        first, last = (
            self.best(chunks, TEMPLATE, figure) / chunks
            for chunks in (self.sizes[0], self.sizes[-1])
        )
        return last / first - 1

    def more(self, way: str, figure: Figure) -> float:
        """What a figure grows by with each chunk, from the smallest index to the largest."""
        first, last = self.sizes[0], self.sizes[-1]
        grown = self.median(last, way, figure) - self.median(first, way, figure)
        return grown / ((last - first) or 1)

    def alike(self, chunks: int) -> bool:
        """Whether the template's repetitions have all found the same."""
        return len({one.found for one in self._all[chunks, TEMPLATE]}) == 1


def build(measured: Measured) -> float:
    """Seconds to build the index, up to the first answer."""
    return measured.build_seconds


def query(measured: Measured) -> float:
    """Milliseconds of the median query."""
    return measured.query_ms


COLUMNS: dict[str, tuple[Figure, str]] = {
    "build s": (build, ",.2f"),
    "save s": (lambda one: one.save_seconds, ",.2f"),
    "open s": (lambda one: one.open_seconds, ",.2f"),
    "query ms": (query, ",.2f"),
    "95% ms": (lambda one: one.slow_query_ms, ",.2f"),
    "building MiB": (lambda one: one.peak_mib, ",.0f"),
    "open MiB": (lambda one: one.open_mib, ",.0f"),
}


def print_table(measured: Measurements, console: Console) -> bool:
    """Print everything; whether all promises hold."""
    table = Table(title="An index of chunks with 256 numbers each, exact search, BM25 and fusion")
    for name in ("chunks", "way"):
        table.add_column(name)
    for name in (*COLUMNS, "build +", "query +"):
        table.add_column(name, justify="right")
    held = []
    for chunks in measured.sizes:
        for way in (PLAIN, TEMPLATE):
            cells = [
                format(measured.median(chunks, way, figure), form)
                for figure, form in COLUMNS.values()
            ]
            more = ["", ""]
            if way == TEMPLATE:
                shares = [measured.overhead(chunks, figure) for figure in (build, query)]
                more = [f"{share:+.0%}" for share in shares]
                held += [share <= OVERHEAD for share in shares]
            table.add_row(f"{chunks:,}", way, *cells, *more)
        held.append(measured.alike(chunks))
    console.print(table)
    grown = {name: measured.growth(figure) for name, figure in (("build", build), ("ask", query))}
    held += [share <= GROWTH for share in grown.values()]
    for line in _lines(measured, grown):
        console.print(line)
    return all(held)


def _lines(measured: Measurements, grown: dict[str, float]) -> list[str]:
    first, last = measured.sizes[0], measured.sizes[-1]
    costs = ", ".join(f"{share:+.0%} to {name}" for name, share in grown.items())
    memory = ", ".join(
        f"{measured.more(way, lambda one: one.peak_mib) * 1024:.1f} KiB building and "
        f"{measured.more(way, lambda one: one.open_mib) * 1024:.1f} open ({way})"
        for way in (PLAIN, TEMPLATE)
    )
    same = min(measured.median(size, TEMPLATE, lambda one: one.same) for size in measured.sizes)
    return [
        f"a chunk costs {costs} among {last:,} as among {first:,}; allowed {GROWTH:+.0%}, and "
        f"{OVERHEAD:.0%} over plain libraries",
        f"memory of a chunk: {memory}",
        f"both find the same for {same:.0%} of the questions or more; the others have equal scores "
        "of BM25, whose order is arbitrary in plain use",
    ]
