"""A directory that stands for a job's container: its `/opt/ml`, its environment, its process.

Nothing is mounted and no root is needed: paths that a job is given are written for the directory,
and `SAGEMAKER_BASE_DIR` tells code where `/opt/ml` is.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mlops.local.workspace import Workspace, write_text

# What a process needs of the person's environment to work at all; nothing else gets in.
_KEPT = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_CONTAINER_PATH = re.compile(r"(?<![\w.~-])/opt/ml(?=/|\b)")
_SHELL_SAFE = re.compile(r"[\w./+@%,:=-]+")
_LAST_LINES = 25
_GRACE_SECONDS = 5.0
_STUBS = {
    "python": 'exec {python} "$@"\n',
    "python3": 'exec {python} "$@"\n',
    "pip": 'echo "local run: this environment has the packages already: pip $*"\n',
    "pip3": 'echo "local run: this environment has the packages already: pip $*"\n',
}


class JobFailedError(Exception):
    """A job ended badly; `tail` holds its last lines."""

    def __init__(self, reason: str, tail: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.tail = tuple(tail)


@dataclass(frozen=True)
class Container:
    """A job's directory.

    `base` is what `/opt/ml` is called in commands and environment, `commands` is the folder with
    `python` and `pip`; neither has a character that a shell would read as its own.
    """

    root: Path
    base: str
    commands: str
    workspace: Workspace
    region: str

    @property
    def ml(self) -> Path:
        """The directory that `/opt/ml` stands for."""
        return self.root / "opt" / "ml"

    @property
    def log(self) -> Path:
        """Everything that the job prints."""
        return self.root / "log.txt"

    def inside(self, path: str) -> Path:
        """The directory for a path of the container, such as `/opt/ml/processing/input`."""
        relative = Path(path.lstrip("/"))
        if ".." in relative.parts:
            raise JobFailedError(f"{path!r} leads out of the container")
        return self.root / relative

    def localize(self, text: str) -> str:
        """`text` with `/opt/ml` replaced by the directory that stands for it."""
        return _CONTAINER_PATH.sub(lambda _: self.base, text)

    def localize_file(self, path: Path) -> None:
        """Rewrite a script of the SDK's, in which container paths are spelled out."""
        path.write_text(self.localize(path.read_text(encoding="utf-8")), encoding="utf-8")

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """The job's environment: no credentials, no home of the person's, nothing to call."""
        workspace = self.workspace
        scratch = self.root / "tmp"
        for directory in (workspace.home, scratch):
            directory.mkdir(parents=True, exist_ok=True)
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        search = [self.commands, str(Path(sys.executable).parent)]
        return {
            **kept,
            "PATH": os.pathsep.join([*search, os.environ.get("PATH", os.defpath)]),
            "HOME": str(workspace.home),
            "TMPDIR": str(scratch),
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "SAGEMAKER_BASE_DIR": self.base,
            "PYTHONUNBUFFERED": "1",
            "MPLBACKEND": "Agg",
            "DO_NOT_TRACK": "true",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "GIT_PYTHON_REFRESH": "quiet",
            **threads(),
            **{name: self.localize(value) for name, value in extra.items()},
            # Wins over the job's own: in the cloud these point to the cloud.
            "MLFLOW_TRACKING_URI": workspace.mlflow_uri,
            "MLFLOW_ARTIFACT_LOCATION": str(workspace.mlflow_artifacts),
        }

    def run(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        limit_seconds: float,
        on_line: Callable[[str], None],
    ) -> None:
        """Run a command to its end; what it prints goes to `log` and, by line, to `on_line`.

        Raises `JobFailedError` for an exit code other than 0 and for running past the limit.
        Whatever ends this call ends every process that the command started.
        """
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [self.localize(word) for word in command],
                cwd=self.root,
                env=self.environment(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            assert process.stdout is not None
            tail: deque[str] = deque(maxlen=_LAST_LINES)
            reader = threading.Thread(
                target=_copy_lines, args=(process.stdout, log, tail, on_line), daemon=True
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
                reader.join(_GRACE_SECONDS if process.returncode is None else 1.0)
                if reader.is_alive():
                    end_group(process)
                    reader.join(_GRACE_SECONDS)
        if code:
            ended = f"exit code {code}" if code > 0 else f"killed by {signal.Signals(-code).name}"
            raise JobFailedError(ended, tail)


@contextmanager
def open_container(root: Path, workspace: Workspace, region: str) -> Iterator[Container]:
    """A new container in the directory `root`.

    The SDK's scripts do not quote paths. Where `root` has a space in it, or the like, commands
    get links without one, which are removed at the end.
    """
    ml = root / "opt" / "ml"
    ml.mkdir(parents=True)
    commands = _write_commands(workspace)
    if _SHELL_SAFE.fullmatch(str(ml)):
        yield Container(root, str(ml), str(commands), workspace, region)
        return
    with tempfile.TemporaryDirectory(prefix="mlops-") as folder:
        base, search = Path(folder) / "ml", Path(folder) / "bin"
        base.symlink_to(ml, target_is_directory=True)
        search.symlink_to(commands, target_is_directory=True)
        yield Container(root, str(base), str(search), workspace, region)


def threads() -> dict[str, str]:
    """Thread settings: as many OpenMP threads as cores, at most 4, and one for BLAS.

    OpenBLAS threads inside OpenMP threads fight for the cores; small tables pay for every thread.
    """
    cores = str(min(4, os.cpu_count() or 1))
    return {
        "OMP_NUM_THREADS": cores,
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
    }


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


def _write_commands(workspace: Workspace) -> Path:
    """A directory with this interpreter as `python` and a `pip` that installs nothing."""
    directory = workspace.root / "bin"
    for name, body in _STUBS.items():
        path = directory / name
        text = "#!/bin/sh\n" + body.format(python=shlex.quote(sys.executable))
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_text(path, text)
        path.chmod(0o755)
    return directory
