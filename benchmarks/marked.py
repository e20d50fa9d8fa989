"""A measurement in a process of its own, so that no memory is left from another.

The process is a module that takes one task as JSON and prints one marked line of JSON among
whatever its libraries print.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

CHECKOUT = Path(__file__).resolve().parents[1]
MARK = "measured "
Task = TypeVar("Task")


class NotMeasured(Exception):
    """The process has printed no measurement; the text is the last line of what it said."""


def measured_by(
    module: str, task: Any, *, build: Path, environment: Mapping[str, str]
) -> dict[str, Any]:
    """What `module` measures for a task, a dataclass. Raises `NotMeasured`.

    `build` is the folder whose code is measured, `environment` what is added to this one's.
    """
    paths = os.pathsep.join([str(CHECKOUT), str(build)])
    done = subprocess.run(
        [sys.executable, "-m", module, json.dumps(asdict(task))],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    for line in done.stdout.splitlines():
        if line.startswith(MARK):
            return dict(json.loads(line.removeprefix(MARK)))
    raise NotMeasured((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])


def report_measurement(task: type[Task], measure: Callable[[Task], Any]) -> None:
    """The process's own side: measure the task of the command line, print a dataclass."""
    found = measure(task(**json.loads(sys.argv[1])))
    print(MARK + json.dumps(asdict(found)), flush=True)
