"""Ends a step as its container expects: it says in a line, where AWS shows it, how or why."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from source.errors import UserError

# SageMaker shows the first kilobyte of these files as the job's failure reason or exit message.
MESSAGE_BYTES = 1000


class StepFailed(UserError):
    """The step cannot go on for a reason that a person can act on; the text is that reason."""


def run_step(step: Callable[[], None]) -> None:
    """Run a step; a `UserError` becomes its reason on stderr and exit code 1.

    Any other exception is a defect of ours and keeps its traceback.
    """
    try:
        step()
    except UserError as failure:
        reason = str(failure)
        print(f"error: {reason}", file=sys.stderr, flush=True)
        _tell_sagemaker(reason)
        sys.exit(1)
    except Exception as failure:
        _tell_sagemaker(f"{type(failure).__name__}: {failure}")
        raise


def conclude(message: str) -> None:
    """Print what a processing job has come to, as its last word, and leave it as exit message."""
    print(message, flush=True)
    _tell_sagemaker(message, ("message",))


def _tell_sagemaker(text: str, files: Sequence[str] = ("failure", "message")) -> None:
    """Training jobs read `failure`, processing jobs `message`; neither place exists elsewhere."""
    directory = Path(os.environ.get("SM_OUTPUT_DIR", "/opt/ml/output"))
    content = text.encode()[:MESSAGE_BYTES]
    for name in files:
        try:
            if directory.is_dir():
                (directory / name).write_bytes(content)
        except OSError:
            return
