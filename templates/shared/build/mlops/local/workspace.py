"""`.local/`: where everything that a local run writes has its place."""

import fcntl
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIABLE = "MLOPS_LOCAL_DIR"
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Workspace:
    """The directory of the local state; `root` is absolute."""

    root: Path

    @property
    def store(self) -> Path:
        """What would be S3: `<bucket>/<key>`."""
        return self.root / "s3"

    @property
    def runs(self) -> Path:
        """One directory per execution, in it one per step."""
        return self.root / "runs"

    @property
    def cache(self) -> Path:
        """What earlier steps gave, by what they were given."""
        return self.root / "cache"

    @property
    def registry(self) -> Path:
        """Model packages: `<group>/<version>.json`."""
        return self.root / "registry"

    @property
    def home(self) -> Path:
        """HOME of the steps: caches of libraries survive there, nothing of the person's does."""
        return self.root / "home"

    @property
    def last_run(self) -> Path:
        """Outcome of the run that ended last."""
        return self.root / "last_run.json"

    @property
    def mlflow_uri(self) -> str:
        """Tracking URI of the local MLflow."""
        return f"sqlite:///{self.root / 'mlflow.db'}"

    @property
    def mlflow_artifacts(self) -> Path:
        """Where the local MLflow keeps plots, reports and models."""
        return self.root / "mlartifacts"

    @contextmanager
    def lock(self, on_wait: Callable[[str], None]) -> Iterator[None]:
        """Hold the workspace; one run at a time uses it.

        While another process holds it, `on_wait` is told once who that is, then this waits. The
        operating system gives the lock back when its holder ends, however it ends.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("a+", encoding="utf-8") as file:
            waiting = False
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if not waiting:
                        file.seek(0)
                        on_wait(file.read().strip() or "unknown")
                        waiting = True
                    time.sleep(_POLL_SECONDS)
            file.seek(0)
            file.truncate()
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield


def open_workspace(directory: Path | None = None) -> Workspace:
    """The workspace of this repository: `directory`, $MLOPS_LOCAL_DIR or `.local`."""
    root = directory or Path(os.environ.get(VARIABLE) or ".local")
    return Workspace(root.absolute())


def write_json(path: Path, value: Any) -> None:
    """Write `value` so that a reader sees the old file or the new one, never half of one."""
    write_text(path, json.dumps(value, indent=2, default=str) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write `text` by renaming a finished file over `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
