"""A directory that stands for a job's container: its `/opt/ml` and its environment.

Nothing is mounted and no root is needed: paths that a job is given are written for the directory,
and `SAGEMAKER_BASE_DIR` tells code where `/opt/ml` is.
"""

import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mlops.local.process import JobFailedError
from mlops.local.workspace import Workspace, write_text

# What a process needs of the person's environment to work at all; nothing else gets in.
_KEPT = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_CONTAINER_PATH = re.compile(r"(?<![\w.~-])/opt/ml(?=/|\b)")
_SHELL_SAFE = re.compile(r"[\w./+@%,:=-]+")
_STUBS = {
    "python": 'exec {python} "$@"\n',
    "python3": 'exec {python} "$@"\n',
    "pip": 'echo "local run: this environment has the packages already: pip $*"\n',
    "pip3": 'echo "local run: this environment has the packages already: pip $*"\n',
}


@dataclass(frozen=True)
class Container:
    """A job's directory.

    `base` is what `/opt/ml` is called in commands and environment, `commands` is the folder with
    `python` and `pip`; neither has a character that a shell would read as its own. `credentials`
    are variables for a job that may call AWS; by default there are none.
    """

    root: Path
    base: str
    commands: str
    workspace: Workspace
    region: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)

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
        """The job's environment: nothing of the person's but the credentials that were given."""
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
            **self.credentials,
            # Wins over the job's own: in the cloud these point to the cloud.
            "MLFLOW_TRACKING_URI": workspace.mlflow_uri,
            "MLFLOW_ARTIFACT_LOCATION": str(workspace.mlflow_artifacts),
        }


@contextmanager
def open_container(
    root: Path, workspace: Workspace, region: str, credentials: Mapping[str, str]
) -> Iterator[Container]:
    """A new container in the directory `root`.

    The SDK's scripts do not quote paths. Where `root` has a space in it, or the like, commands
    get links without one, which are removed at the end.
    """
    ml = root / "opt" / "ml"
    ml.mkdir(parents=True)
    commands = _write_commands(workspace)
    if _SHELL_SAFE.fullmatch(str(ml)):
        yield Container(root, str(ml), str(commands), workspace, region, credentials)
        return
    with tempfile.TemporaryDirectory(prefix="mlops-") as folder:
        base, search = Path(folder) / "ml", Path(folder) / "bin"
        base.symlink_to(ml, target_is_directory=True)
        search.symlink_to(commands, target_is_directory=True)
        yield Container(root, str(base), str(search), workspace, region, credentials)


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
