"""The environment that has the CDK, installed once for all tests that need it."""

from __future__ import annotations

import fcntl
import sys
from functools import cache
from pathlib import Path

from conftest import CHECKOUT, run

VENV = Path(sys.prefix)


@cache
def cdk_python() -> Path:
    """Return the Python beside which the CDK is installed; `make` installs it when needed."""
    # make knows the environment by the name that it was given: a folder of the checkout.
    name = VENV.relative_to(CHECKOUT).as_posix()
    with (VENV / "infrastructure.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run("make", f"{name}/infrastructure/.installed", f"VENV={name}", cwd=CHECKOUT)
    assert done.returncode == 0, done.stdout
    return VENV / "infrastructure" / "bin" / "python"
