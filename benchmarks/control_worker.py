"""The steps of the control plane in a process of its own: one project per line of its input.

Line in: a CreateProject event. Line out: CPU and wall seconds, the peak memory of the process so
far in MiB, and the seconds that were waited between changes. The steps are called through their
entry points, as Lambda calls them; `AIOPS_CONFIG` names the configuration.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.worker import peak_mib
from generator.control.ports import GitHubAccess, Ports, ports_of
from generator.control.seeding import seed_build, seed_deploy
from generator.github.clock import Clock
from generator.handlers.entry import entry

REQUEST_ID = "00000000-0000-4000-8000-000000000000"


class SkippedPauses(Clock):
    """Waits for nothing, and keeps count: what GitHub asks for between changes is not our work."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def now(self) -> float:
        """Return the time, as if it had waited."""
        return time.time() + self.skipped

    def sleep(self, seconds: float) -> None:
        """Let that many seconds pass at once."""
        self.skipped += seconds


class Invocation:
    """What Lambda gives beside the event."""

    aws_request_id = REQUEST_ID

    def get_remaining_time_in_millis(self) -> int:
        """Return what a function has at its start."""
        return 300_000


def ports(config: Path, clock: Clock) -> Ports:
    """Return the real ports but for the clock."""
    from generator.config.loading import load
    from generator.github.instance import instance
    from generator.github.tokens import environment_tokens
    from generator.github.transport import Api

    loaded = load(config)
    where = instance(loaded.github.git_url, loaded.github.api_url)
    api = cache(lambda: Api(where, environment_tokens(), clock=clock))
    return replace(ports_of(loaded), github=GitHubAccess(api))


def steps(config: Path) -> tuple[list[Callable[..., dict[str, Any]]], SkippedPauses]:
    """Return the entry points of both steps, over the same ports, and their clock."""
    clock = SkippedPauses()
    opened = cache(lambda: ports(config, clock))
    return [
        entry("seed_build", seed_build, opened),
        entry("seed_deploy", seed_deploy, opened),
    ], clock


def seed_project(
    handlers: list[Callable[..., dict[str, Any]]], clock: SkippedPauses, event: object
) -> dict[str, float]:
    """Run both steps for a new project; return what it cost."""
    started, wall, skipped = time.process_time(), time.perf_counter(), clock.skipped
    given = {"event": event, "execution_id": "benchmark"}
    done = [handler(given, Invocation()) for handler in handlers]
    if [one["state"] for one in done] != ["created", "created"]:
        raise RuntimeError(f"expected two new repositories, got {[one['state'] for one in done]}")
    return {
        "cpu": time.process_time() - started,
        "wall": time.perf_counter() - wall,
        "peak": peak_mib(),
        "pauses": clock.skipped - skipped,
    }


def main() -> None:
    """Serve lines until there are no more. Arguments: the configuration."""
    # The steps log to standard output: the answers go where it led, the log nowhere.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    handlers, clock = steps(Path(sys.argv[1]))
    for line in sys.stdin:
        print(json.dumps(seed_project(handlers, clock, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
