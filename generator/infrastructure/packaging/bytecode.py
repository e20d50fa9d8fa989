"""Compiles Python ahead of time, for a runtime that cannot write `.pyc` files and starts often."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from generator.errors import GeneratorError
from generator.infrastructure.packaging.platforms import PYTHON, PYTHON_VERSION

# Where Lambda unpacks the zip: tracebacks name files there.
TASK_ROOT = "/var/task"


class CompilationFailed(GeneratorError):
    """A module of the zip is not Python that the runtime understands."""


def interpreter() -> Path | None:
    """Return a Python of the runtime's minor version, or None when this machine has none.

    Looks at this very interpreter, along PATH, and where pyenv keeps its versions.
    """
    return next((python for python in _candidates() if _is_of_the_runtime(python)), None)


def compile_all(folder: Path, python: Path, *, leaving: Path) -> None:
    """Write `.pyc` files that are never checked against their source, beside each module.

    leaving: a folder inside whose files are data. Raises CompilationFailed.
    """
    command = [
        *(str(python), "-m", "compileall", "-q", "-j", "1"),
        *("--invalidation-mode", "unchecked-hash"),
        *("-s", str(folder), "-p", TASK_ROOT, "-x", f"^{re.escape(str(leaving))}/", str(folder)),
    ]
    # Sets that are constants keep the order of their hashes.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment = {**kept, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise CompilationFailed(f"byte-compiling failed: {(done.stdout + done.stderr)[-600:]}")


def _candidates() -> Iterator[Path]:
    name = f"python{PYTHON_VERSION}"
    yield Path(sys.executable)
    for folder in os.get_exec_path():
        if found := shutil.which(name, path=folder):
            yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{PYTHON_VERSION}.*/bin/{name}"))


def _is_of_the_runtime(python: Path) -> bool:
    question = "import sys; print(*sys.version_info[:2], sys.implementation.name)"
    try:
        # A wrapper of a version manager may be found and yet have nothing to start.
        answer = subprocess.run(
            [str(python), "-I", "-c", question], capture_output=True, text=True, check=False
        )
    except OSError:
        return False
    return answer.returncode == 0 and answer.stdout.split() == [*map(str, PYTHON), "cpython"]
