"""What one run cost, and what several runs say together."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True)
class Cost:
    """CPU and wall time in seconds, peak memory in MiB, requests to the git server.

    changes: those requests that may create content, which hosts limit per hour.
    """

    cpu: float
    wall: float
    peak: float
    requests: int = 0
    changes: int = 0


@dataclass(frozen=True)
class Command:
    """A command to run in a folder."""

    argv: tuple[str, ...]
    cwd: Path


class CommandFailed(Exception):
    """A measured command did not succeed."""


def cost_of(commands: Sequence[Command], environment: dict[str, str]) -> Cost:
    """Run `commands` in order and return what they cost together, without the launcher."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCHER)],
        input=json.dumps([{"argv": c.argv, "cwd": str(c.cwd)} for c in commands]),
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise CommandFailed(done.stderr.strip())
    return Cost(**json.loads(done.stdout))


@dataclass(frozen=True)
class Spread:
    """The middle of several measurements, and their ends."""

    middle: float
    lowest: float
    highest: float

    @property
    def noisy(self) -> bool:
        """Whether the ends are so far apart that small differences mean nothing."""
        return self.highest - self.lowest > 0.5 * self.middle


def spread(values: Sequence[float]) -> Spread:
    """Return the median, the smallest and the largest of `values`."""
    return Spread(median(values), min(values), max(values))
