"""Opens the evaluation report of the last local run, or says where it is."""

import argparse
import os
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from mlops.errors import CommandError
from mlops.local.outcome import read_last_run
from mlops.local.workspace import open_workspace


def main(arguments: Sequence[str]) -> int:
    """The command: opens the report in a browser on a desktop, prints its path elsewhere."""
    parser = argparse.ArgumentParser("python -m mlops report", description=__doc__)
    parser.add_argument("--path", action="store_true", help="only print where it is")
    options = parser.parse_args(arguments)
    try:
        summary = read_last_run(open_workspace())
    except LookupError as error:
        raise CommandError(str(error)) from error
    if not summary["report"]:
        raise CommandError(
            f"run {summary['execution_id']} ended before there was a report: "
            f"{summary['failure_reason']}"
        )
    report = Path(summary["report"])
    if not report.is_file():
        raise CommandError(f"{report} is gone: `make run` writes it again")
    print(report)
    if not options.path and has_desktop():
        webbrowser.open(report.as_uri())
    return 0


def has_desktop() -> bool:
    """Whether a person at a desktop started this, so that a browser can be opened."""
    if not sys.stdout.isatty() or "SSH_CONNECTION" in os.environ or "CI" in os.environ:
        return False
    return sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
