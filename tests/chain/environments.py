"""Where the parts of the chain run: MiniStack's environment, and what stands for Lambda's runtime.

Functions run with Python 3.13 as in AWS where this machine has it, otherwise with the Python of
this process: the zip is built for the one that runs it.
"""

from __future__ import annotations

import fcntl
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from generator.demo.commands import environment as plain_environment
from generator.infrastructure.packaging.bytecode import interpreter
from generator.infrastructure.packaging.platforms import PYTHON_VERSION, Architecture

CHECKOUT = Path(__file__).resolve().parents[2]
VENV = Path(sys.prefix)
RUNTIME_REQUIREMENTS = Path(__file__).with_name("runtime-requirements.txt")


class InstallationFailed(Exception):
    """A command that installs something failed; its last words."""


@dataclass(frozen=True)
class Runtime:
    """What runs a function. folder: of AWS's client of the runtime interface, as /var/runtime."""

    python: Path
    version: str
    folder: Path
    guard: Path

    @property
    def bootstrap(self) -> str:
        """The program that Lambda starts in a runtime of one's own; the handler is in _HANDLER."""
        return (
            "#!/bin/sh\n"
            f"export PYTHONPATH='{self.guard}:{self.folder}'\n"
            f"exec '{self.python}' -m awslambdaric \"$_HANDLER\"\n"
        )


def environment(name: str) -> Path:
    """Return the Python of the environment beside this one; `make` installs it when needed."""
    place = VENV.relative_to(CHECKOUT).as_posix()
    with (VENV / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _run("make", "--silent", f"{place}/{name}/.installed", f"VENV={place}")
    return VENV / name / "bin" / "python"


def lambda_runtime(into: Path, guard: Path) -> Runtime:
    """Return what runs the functions; AWS's client is installed into the folder `into`."""
    python = interpreter()
    version = PYTHON_VERSION
    if python is None:
        python, version = Path(sys.executable), ".".join(map(str, sys.version_info[:2]))
    pip = [
        *(str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--no-deps", "--no-config"),
        *("--target", str(into), "--only-binary", ":all:", "--python-version", version),
        *("--requirement", str(RUNTIME_REQUIREMENTS)),
    ]
    # Pins are exact, so what was fetched once is as good as what could be fetched again.
    try:
        _run(*pip, "--offline")
    except InstallationFailed:
        _run(*pip)
    return Runtime(python, version, into, guard)


def architecture() -> Architecture:
    """Return this machine's processor as Lambda names it."""
    arm = platform.machine().lower() in {"arm64", "aarch64"}
    return Architecture.ARM64 if arm else Architecture.X86_64


def _run(*command: str) -> None:
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise InstallationFailed(f"{' '.join(command)}: {(done.stdout + done.stderr)[-800:]}")
