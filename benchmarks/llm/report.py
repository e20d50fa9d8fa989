"""The table of what was measured, and whether the template's defaults are the fastest."""

from __future__ import annotations

import statistics
from collections import defaultdict

from rich.console import Console
from rich.table import Table

from benchmarks.llm.arithmetic import peak_flops
from benchmarks.llm.ways import PLAIN, TEMPLATE, Measured

# Within this share two medians are the same.
TIE = 0.02


class Measurements:
    """What every way has measured, repetition by repetition."""

    def __init__(self) -> None:
        self._all: defaultdict[str, list[Measured]] = defaultdict(list)

    def add(self, way: str, measured: Measured) -> None:
        """One repetition."""
        self._all[way].append(measured)

    @property
    def ways(self) -> list[str]:
        """In the order in which they were measured."""
        return list(self._all)

    def of(self, way: str) -> list[Measured]:
        """Every repetition of a way."""
        return self._all[way]

    def rate(self, way: str) -> float | None:
        """The median of tokens per second; None when a repetition failed or there is none."""
        rates = [measured.tokens_per_second for measured in self._all.get(way, [])]
        known = [rate for rate in rates if rate is not None]
        return statistics.median(known) if known and len(known) == len(rates) else None


def print_table(measured: Measurements, title: str, console: Console) -> None:
    """Tokens/s with their range, utilisation, memory, and how much faster than plain TRL."""
    device = next((m.device for way in measured.ways for m in measured.of(way) if m.device), "")
    table = Table(title=f"{title}, on {device or 'no device'}")
    table.add_column("way")
    for name in ("tokens/s", "range", "MFU", "peak GiB", f"x {PLAIN}"):
        table.add_column(name, justify="right")
    for way in measured.ways:
        table.add_row(way, *_cells(measured, way))
    console.print(table)
    for way in measured.ways:
        for note in sorted({note for found in measured.of(way) for note in found.notes}):
            console.print(f"{way}: {note}")


def fastest_is_ours(measured: Measurements) -> bool:
    """Whether no way is faster than the template's defaults by more than chance."""
    ours = measured.rate(TEMPLATE)
    if ours is None:
        return False
    rates = [measured.rate(way) for way in measured.ways]
    return all(rate is None or rate <= ours * (1 + TIE) for rate in rates)


def _cells(measured: Measurements, way: str) -> list[str]:
    found = measured.of(way)
    failure = next((m.failure for m in found if m.failure), None)
    rate, plain = measured.rate(way), measured.rate(PLAIN)
    if rate is None:
        return [failure or "failed", "", "", "", ""]
    rates = [m.tokens_per_second for m in found if m.tokens_per_second is not None]
    peak = peak_flops(found[0].device)
    used = "?" if peak is None else f"{rate * found[0].flops_per_token / peak:.1%}"
    memories = [m.peak_gib for m in found if m.peak_gib is not None]
    memory = f"{max(memories):.1f}" if memories else "?"
    faster = "?" if plain is None else f"{rate / plain:.2f}"
    return [f"{rate:,.0f}", f"{min(rates):,.0f} to {max(rates):,.0f}", used, memory, faster]
