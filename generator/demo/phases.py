"""The demo's phases: each is announced, timed, and says in one line what came out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape


@dataclass
class Phase:
    """One phase under way; its lines are printed when it is over."""

    lines: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        """Add a line to what is printed when the phase is over."""
        self.lines.append(line)


@dataclass
class Phases:
    """Runs phases and keeps the wall-clock seconds that each took."""

    console: Console
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str, doing: str) -> Iterator[Phase]:
        """Run a phase, showing what it is `doing` while it lasts."""
        current = Phase()
        started = time.monotonic()
        with self.console.status(f"{name}: {escape(doing)} ..."):
            yield current
        took = time.monotonic() - started
        self.seconds[name] = round(took, 2)
        for number, line in enumerate(current.lines or [doing]):
            label = f"[bold]{name:<12}[/]" if number == 0 else " " * 12
            suffix = f"  [dim]{took:.1f} s[/]" if number == 0 else ""
            self.console.print(f"{label} {escape(line)}{suffix}", highlight=False, soft_wrap=True)
