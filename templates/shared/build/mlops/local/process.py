"""A job's process: its output in a log, its end, and the end of everything that it started."""

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_LAST_LINES = 25
_GRACE_SECONDS = 5.0


class JobFailedError(Exception):
    """A job ended badly; `tail` holds its last lines."""

    def __init__(self, reason: str, tail: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.tail = tuple(tail)


def run_logged(
    command: Sequence[str],
    environment: Mapping[str, str],
    directory: Path,
    log: Path,
    *,
    limit_seconds: float,
    on_line: Callable[[str], None],
) -> None:
    """Run a command in a directory; what it prints goes to `log` and, by line, to `on_line`.

    Raises `JobFailedError` for an exit code other than 0 and for running past the limit.
    Whatever ends this call ends every process that the command started.
    """
    tail: deque[str] = deque(maxlen=_LAST_LINES)
    with log.open("wb") as written:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None
        reader = threading.Thread(
            target=_copy_lines, args=(process.stdout, written, tail, on_line), daemon=True
        )
        reader.start()
        try:
            code = process.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            end_group(process)
            reader.join(_GRACE_SECONDS)
            raise JobFailedError(
                f"ran past its limit of {limit_seconds:g} seconds "
                "(StoppingCondition.MaxRuntimeInSeconds) and was stopped",
                tail,
            ) from None
        except BaseException:
            end_group(process)
            raise
        finally:
            # Children that outlive the command would keep the log open.
            reader.join(1.0)
            if reader.is_alive():
                end_group(process)
                reader.join(_GRACE_SECONDS)
    if code:
        ended = f"exit code {code}" if code > 0 else f"killed by {signal.Signals(-code).name}"
        raise JobFailedError(ended, tail)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process started in its own session, and all that it started: politely, then not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            break
        try:
            process.wait(_GRACE_SECONDS)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            continue  # a second Ctrl-C: no more patience
    process.wait()


def _copy_lines(
    source: IO[bytes], log: IO[bytes], tail: deque[str], on_line: Callable[[str], None]
) -> None:
    with source:
        for raw in source:
            log.write(raw)
            log.flush()
            # A progress bar repaints its line: what counts is its last state.
            text = raw.decode("utf-8", "replace").rstrip("\r\n").rpartition("\r")[2]
            tail.append(text)
            on_line(text)
