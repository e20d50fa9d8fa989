"""Shows a run while it runs: a live table on a terminal, lines everywhere else."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table

from mlops.check.definition import Step
from mlops.local.outcome import StepOutcome

_MARKS = {
    "Succeeded": "[green]✓[/green]",
    "Failed": "[red]✗[/red]",
    "Skipped": "[dim]-[/dim]",
    "NotStarted": "[dim]·[/dim]",
}


class Progress(Protocol):
    """What a run tells while it runs."""

    def started(self, step: Step) -> None:
        """The step begins."""

    def line(self, step: Step, text: str) -> None:
        """The step printed a line."""

    def ended(self, step: Step, outcome: StepOutcome, note: str) -> None:
        """The step ended; `note` is one line about how."""

    def failed(self, step: Step, reason: str, tail: Sequence[str], log: Path | None) -> None:
        """The step failed; `tail` are its last lines, `log` has all of them."""


class LineProgress:
    """One line when a step begins and one when it ends; with `verbose` all that it prints."""

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self._console = console
        self._verbose = verbose

    def started(self, step: Step) -> None:
        """Name the step."""
        self._console.print(f"[bold]{step.name}[/bold] [dim]{step.type}[/dim]")

    def line(self, step: Step, text: str) -> None:
        """Pass the line on when asked to."""
        if self._verbose:
            _say(self._console, f"[dim]{step.name} |[/dim] {escape(text)}")

    def ended(self, step: Step, outcome: StepOutcome, note: str) -> None:
        """Say how it ended and how long it took."""
        if outcome.status == "Skipped":
            self._console.print(f"[dim]{step.name} skipped[/dim]")
            return
        text = f"  {_MARKS[outcome.status]} {outcome.status} {_seconds(outcome)} {escape(note)}"
        _say(self._console, text.rstrip())

    def failed(self, step: Step, reason: str, tail: Sequence[str], log: Path | None) -> None:
        """Show why, with the step's last words unless they have been shown."""
        show_failure(self._console, step, reason, () if self._verbose else tail, log)


class LiveProgress:
    """A table that is repainted: every step, its state, its time and its last line."""

    def __init__(self, console: Console, steps: Sequence[Step]) -> None:
        self._console = console
        self._steps = steps
        self._ended: dict[str, tuple[StepOutcome, str]] = {}
        self._running: str | None = None
        self._begun = 0.0
        self._last = ""
        self._spinner = Spinner("dots")
        self._live = Live(get_renderable=self._table, console=console, refresh_per_second=8)

    def __enter__(self) -> "LiveProgress":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._running = None
        self._live.stop()

    def started(self, step: Step) -> None:
        """Mark the step as running."""
        self._running, self._begun, self._last = step.name, time.monotonic(), ""

    def line(self, step: Step, text: str) -> None:
        """Show it beside the step until the next one comes."""
        if text.strip():
            self._last = text.strip()

    def ended(self, step: Step, outcome: StepOutcome, note: str) -> None:
        """Mark the step with how it ended."""
        self._running = None
        self._ended[step.name] = (outcome, note)

    def failed(self, step: Step, reason: str, tail: Sequence[str], log: Path | None) -> None:
        """Show why, with the step's last words, above the table."""
        show_failure(self._console, step, reason, tail, log)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=1)
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(overflow="ellipsis", no_wrap=True, ratio=1)
        for step in self._steps:
            if step.name in self._ended:
                outcome, note = self._ended[step.name]
                seconds = _seconds(outcome)
                table.add_row(_MARKS[outcome.status], step.name, seconds, f"[dim]{escape(note)}")
            elif step.name == self._running:
                seconds = f"{time.monotonic() - self._begun:.0f} s"
                name, last = f"[bold]{step.name}[/bold]", f"[dim]{escape(self._last)}"
                table.add_row(self._spinner, name, seconds, last)
            else:
                table.add_row(_MARKS["NotStarted"], f"[dim]{step.name}", "", "")
        return table


def show_failure(
    console: Console, step: Step, reason: str, tail: Sequence[str], log: Path | None
) -> None:
    """The last lines of a failed step, then the reason and where to read the rest."""
    for text in tail:
        _say(console, f"[red]│[/red] {escape(text)}")
    _say(console, f"[red]{step.name} failed:[/red] {escape(reason)}")
    if log is not None and log.is_file():
        _say(console, f"[dim]its log: {escape(str(log))}[/dim]")


def _say(console: Console, markup: str) -> None:
    """Print text of a step as it is: long lines long, numbers uncoloured."""
    console.print(markup, highlight=False, soft_wrap=True)


def _seconds(outcome: StepOutcome) -> str:
    return f"{outcome.seconds:.1f} s" if outcome.seconds >= 0.05 else ""
