"""Checkpoints that survive losing the machine at any moment, and only fit the run that made them.

Spot capacity goes away with SIGTERM and soon SIGKILL, or with SIGKILL alone (a container whose
first process is a shell does not pass SIGTERM on). SageMaker copies the checkpoint directory to S3
file by file and back into the next machine's. So a checkpoint counts once a list of its files and
their sizes lies in it, and a directory counts when the fingerprint in it is this run's: other
settings, data, base or code begin anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

RUN_FILE = "run.json"
COMPLETE = re.compile(r"complete-(\d+)\.json")
STEP = re.compile(r"checkpoint-(\d+)")
# As a shell reports a process that SIGTERM ended.
INTERRUPTED_EXIT = 128 + signal.SIGTERM


class Interrupted(Exception):
    """Training was told to end and has saved a checkpoint at `step`."""

    def __init__(self, step: int) -> None:
        super().__init__(f"interrupted after step {step}; a checkpoint was saved")
        self.step = step


@dataclass
class Interruption:
    """Whether SIGTERM has come. The signal only leaves a note: a step is never cut in half."""

    received: bool = field(default=False, init=False)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Take note of SIGTERM inside the block."""

        def note(_number: int, _frame: FrameType | None) -> None:
            self.received = True

        before = signal.signal(signal.SIGTERM, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)


def checkpoint_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """SM_CHECKPOINT_DIR, else `checkpoints` in SageMaker's /opt/ml, wherever that is."""
    base = environment.get("SAGEMAKER_BASE_DIR", "/opt/ml")
    return Path(environment.get("SM_CHECKPOINT_DIR") or f"{base}/checkpoints")


def fingerprint(*parts: Any) -> str:
    """16 hexadecimal digits of everything that a run depends on, as JSON."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def code_digest() -> str:
    """16 hexadecimal digits of this package's source: corrected code must not continue old work."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).resolve().parent.rglob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def open_directory(directory: Path, run: str) -> bool:
    """Make the checkpoint directory this run's; whether there may be something to resume.

    The work of another run, or of one that has finished, is removed.
    """
    description = directory / RUN_FILE
    try:
        found = json.loads(description.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = {}
    same = found.get("fingerprint") == run and not found.get("finished")
    if not same:
        _empty(directory)
    directory.mkdir(parents=True, exist_ok=True)
    _write(description, {"fingerprint": run, "finished": False})
    return same


def finish(directory: Path, run: str) -> None:
    """The model is written: nothing is left to resume, here or where the directory is copied to."""
    _empty(directory)
    _write(directory / RUN_FILE, {"fingerprint": run, "finished": True})


def mark_complete(directory: Path, *, node: int = 0) -> None:
    """List the files that machine number `node` has written to `directory`; the last thing done."""
    files = {
        path.relative_to(directory).as_posix(): path.stat().st_size
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not COMPLETE.fullmatch(path.name)
    }
    _write(directory / f"complete-{node}.json", files)


def is_complete(directory: Path, *, nodes: int = 1) -> bool:
    """Whether every machine's list is there, and every file on it with the size it should have."""
    for node in range(nodes):
        try:
            listed = json.loads((directory / f"complete-{node}.json").read_text(encoding="utf-8"))
            sizes = {name: (directory / name).stat().st_size for name in listed}
        except (OSError, ValueError):
            return False
        if sizes != listed:
            return False
    return True


def last_complete(directory: Path, *, nodes: int = 1) -> Path | None:
    """The newest whole checkpoint of a stage; None when there is none."""
    steps = {
        int(match[1]): path
        for path in (directory.iterdir() if directory.is_dir() else ())
        if (match := STEP.fullmatch(path.name)) and path.is_dir()
    }
    for step in sorted(steps, reverse=True):
        if is_complete(steps[step], nodes=nodes):
            return steps[step]
    return None


def _write(path: Path, document: Any) -> None:
    """Write a small file whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def _empty(directory: Path) -> None:
    for path in directory.iterdir() if directory.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
