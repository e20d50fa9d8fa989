"""Our way, in a process of its own: renders and pushes once per line of its input.

Line in: {"template", "base", "build", "deploy"}. Line out: CPU seconds of rendering and pushing,
wall seconds, and the process's peak memory so far in MiB. The token comes from the environment.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from benchmarks.project import plan
from generator.create import create_project
from generator.remotes import environment_token, git_base


def peak_mib() -> float:
    """Return the peak memory of this process, without that of its parent before it started."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)


def make(template: str, base: str, build: str, deploy: str) -> dict[str, float]:
    """Render and push both repositories; return what it cost."""
    started, wall = time.process_time(), time.perf_counter()
    planned = plan(template, build, deploy)
    rendered = time.process_time()
    created = create_project(planned, git_base(base, environment_token()))
    pushed = time.process_time()
    states = [repository.state for repository in created.repositories]
    if states != ["created", "created"]:
        raise RuntimeError(f"expected two new repositories, got {states}")
    return {
        "render": rendered - started,
        "push": pushed - rendered,
        "cpu": pushed - started,
        "wall": time.perf_counter() - wall,
        "peak": peak_mib(),
    }


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(make(**json.loads(line))), flush=True)
