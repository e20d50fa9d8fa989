"""What a processing and a training job have in common when they run on this machine."""

import json
import re
import secrets
import string
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.check.variables import as_text
from mlops.local.container import Container
from mlops.local.process import JobFailedError, run_logged
from mlops.local.store import LocalStore, NoObjectsError
from mlops.local.values import ExecutionFacts

_DEFAULT_LIMIT_SECONDS = 86_400
_LONGEST_NAME = 63
_INSTALLER = """# In place of the SDK's installer: a local run uses the packages that are there.
import sys

print("local run: not installing", *sys.argv[1:])
"""

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """What a job needs beside its request. `on_line` is told each line that it prints."""

    step: str
    container: Container
    store: LocalStore
    facts: ExecutionFacts
    on_line: Callable[[str], None]

    def name(self) -> str:
        """A job name as SageMaker Pipelines gives it: `pipelines-<execution>-<step>-<suffix>`."""
        letters = string.ascii_letters + string.digits
        suffix = "".join(secrets.choice(letters) for _ in range(10))
        start = f"pipelines-{self.facts.id}-"
        room = _LONGEST_NAME - len(start) - len(suffix) - 1
        step = re.sub(r"[^A-Za-z0-9]+", "-", self.step)[:room].strip("-")
        return f"{start}{step}-{suffix}"

    def download(self, uri: str, path: str, part: tuple[int, int] = (0, 1)) -> None:
        """Bring an input, or part i of n of it, to a path of the container."""
        try:
            self.store.download(uri, self.container.inside(path), part)
        except (NoObjectsError, ValueError) as error:
            raise JobFailedError(f"input for {path}: {error}") from error

    def write(self, path: str, value: Any) -> None:
        """Write a configuration file to a path of the container."""
        file = self.container.inside(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.container.localize(json.dumps(value, indent=2)), encoding="utf-8")

    def run(
        self, specification: Mapping[str, Any], environment: Mapping[str, str], limit: Any
    ) -> None:
        """Run the command of a request's AppSpecification or AlgorithmSpecification."""
        command = specification.get("ContainerEntrypoint")
        if not command:
            raise JobFailedError(
                "the request names no ContainerEntrypoint: what its image would do on its own "
                "cannot be known here; give the step a source directory and an entry script"
            )
        arguments = [as_text(word) for word in specification.get("ContainerArguments") or ()]
        seconds = (limit or {}).get("MaxRuntimeInSeconds", _DEFAULT_LIMIT_SECONDS)
        variables = {name: as_text(value) for name, value in environment.items()}
        container = self.container
        run_logged(
            [container.localize(word) for word in (*command, *arguments)],
            container.environment(variables),
            container.root,
            container.log,
            limit_seconds=seconds,
            on_line=self.on_line,
        )


def adapt_scripts(container: Container, folder: Path) -> None:
    """Fit the SDK's own scripts to the directory; a step's own code is left as it is."""
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        if path.name == "install_requirements.py":
            path.write_text(_INSTALLER, encoding="utf-8")
        elif path.name == "runproc.sh" or "sm_drivers" in path.relative_to(folder).parts:
            container.localize_file(path)


@contextmanager
def explained(container: Container) -> Iterator[None]:
    """Adds to a failure what the job left in `/opt/ml/output`, where SageMaker looks for it."""
    try:
        yield
    except JobFailedError as error:
        for name in ("message", "failure"):
            path = container.inside(f"/opt/ml/output/{name}")
            if path.is_file() and (text := path.read_text("utf-8", "replace").strip()):
                lines = text.splitlines()
                line = lines[-1] if lines[0].startswith("Traceback") else lines[0]
                raise JobFailedError(f"{line} ({error})", error.tail) from error
        raise


def exit_message(container: Container) -> list[str]:
    """What a processing job that ended well has left to be shown: a line, or nothing."""
    path = container.inside("/opt/ml/output/message")
    return path.read_text("utf-8", "replace").strip().splitlines()[:1] if path.is_file() else []


def require(source: Mapping[str, Any], member: str, value: str) -> None:
    """Refuse an input that asks for more than a local run can do."""
    if source.get(member, value) != value:
        raise JobFailedError(f"{member} {source[member]!r} cannot be had in a local run")
