"""What the tests run things with: the environment that has the CDK, and the functions' Python."""

from __future__ import annotations

import fcntl
import platform
import sys
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conftest import CHECKOUT, run

from generator.infrastructure.packaging.bytecode import interpreter
from generator.infrastructure.packaging.platforms import PYTHON_VERSION, Architecture

VENV = Path(sys.prefix)


@dataclass(frozen=True)
class FunctionsPython:
    """The interpreter that the zip is built for and tested with."""

    path: Path
    version: str

    @property
    def tag(self) -> str:
        """What `.pyc` files are named after."""
        return f"cpython-{self.version.replace('.', '')}"


def functions_python() -> FunctionsPython:
    """Return the Python of Lambda's runtime or, on a machine without it, the one of this process.

    So that the zip is always tested; what is deployed is for the runtime's version in any case.
    """
    found = interpreter()
    if found is not None:
        return FunctionsPython(found, PYTHON_VERSION)
    version = ".".join(map(str, sys.version_info[:2]))
    warnings.warn(
        f"there is no Python {PYTHON_VERSION} on this machine: the zip of the Lambda functions is"
        f" built for, and tested with, Python {version}",
        stacklevel=2,
    )
    return FunctionsPython(Path(sys.executable), version)


def architecture() -> Architecture:
    """Return this machine's processor, as Lambda names it."""
    arm = platform.machine().lower() in {"arm64", "aarch64"}
    return Architecture.ARM64 if arm else Architecture.X86_64


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
