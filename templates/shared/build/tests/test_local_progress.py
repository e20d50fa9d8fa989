"""What a person sees of a local run: a live table on a terminal, plain lines elsewhere."""

import io
import re
from pathlib import Path

from rich.console import Console

from mlops.check.definition import Step
from mlops.local.outcome import StepOutcome
from mlops.local.progress import LineProgress, LiveProgress

TRAIN = Step("Train", "Training", {}, {})
GATE = Step("QualityGate", "Condition", {}, {})
LONG = "epoch 1 of 1000 " * 20


def console(*, terminal: bool) -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    made = Console(file=written, force_terminal=terminal, width=80, color_system=None)
    return made, written


def plain(written: io.StringIO) -> str:
    """What was written, without the codes that move the cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.getvalue())


def test_the_table_shows_every_step_and_the_last_line() -> None:
    made, written = console(terminal=True)
    with LiveProgress(made, [TRAIN, GATE]) as live:
        live.started(TRAIN)
        live.line(TRAIN, LONG)
        live._live.refresh()
        running = plain(written)
        live.ended(TRAIN, StepOutcome("Train", "Training", "Succeeded", 1.25), "rmse 50")
    assert re.search(r"Train\s+0 s epoch 1 of 1000.*…", running)
    assert "QualityGate" in running
    last = plain(written).splitlines()[-3:]
    assert re.search(r"✓ Train\s+1\.2 s rmse 50", "\n".join(last))
    assert all(len(line) <= 80 for line in plain(written).split("\n") if "\r" not in line)


def test_markup_in_a_steps_words_is_shown_as_it_is(tmp_path: Path) -> None:
    made, written = console(terminal=False)
    lines = LineProgress(made, verbose=True)
    lines.started(TRAIN)
    lines.line(TRAIN, "[red]not red[/red] [/]")
    lines.ended(TRAIN, StepOutcome("Train", "Training", "Failed", 2.0), "see [bold]")
    log = tmp_path / "log.txt"
    log.write_text("all of it")
    lines.failed(TRAIN, "exit code 1 [/oops]", ["never shown twice"], log)
    shown = written.getvalue()
    assert "Train | [red]not red[/red] [/]" in shown
    assert "✗ Failed 2.0 s see [bold]" in shown
    assert "Train failed: exit code 1 [/oops]" in shown
    assert str(log) in shown
    assert "never shown twice" not in shown


def test_without_verbose_only_the_last_words_of_a_failure_are_shown() -> None:
    made, written = console(terminal=False)
    lines = LineProgress(made)
    lines.started(TRAIN)
    lines.line(TRAIN, "chatter")
    lines.failed(TRAIN, "exit code 1", ["the last words"], None)
    assert "chatter" not in written.getvalue()
    assert "│ the last words" in written.getvalue()
