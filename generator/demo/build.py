"""The build repository's part: run its pipeline, find the registered package, approve it."""

from __future__ import annotations

import filecmp
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.demo.commands import CommandFailed, make, run
from generator.demo.report import PipelineEntry


@dataclass(frozen=True)
class LocalRun:
    """A successful local run of the pipeline. Paths are absolute."""

    pipeline: PipelineEntry
    model_package: str
    report: Path
    sample_request: Path


@dataclass(frozen=True)
class BuildRepository:
    """A clone of the build repository and the environment it works in."""

    folder: Path
    venv: Path
    logs: Path

    def place_data(self, data: Path, source: str) -> bool:
        """Put a file, or a folder of files, where the configuration says that the data is.

        Return whether it was there.
        """
        target = self.folder / source
        if _same(data, target):
            return True
        if not data.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(data, target)
            return False
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(data, target)
        return False

    def last_run(self) -> LocalRun | None:
        """Return the last run, if it succeeded and its package is still registered."""
        path = self.folder / ".local" / "last_run.json"
        if not path.is_file():
            return None
        summary: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        package = summary["model_package_arn"]
        if summary["status"] != "Succeeded" or package is None or self._status(package) is None:
            return None
        return LocalRun(
            pipeline=PipelineEntry(summary["status"], summary["metrics"], summary["seconds"]),
            model_package=package,
            report=self.folder / summary["report"],
            sample_request=self.folder / summary["sample_request"],
        )

    def run_pipeline(self) -> LocalRun:
        """Run the pipeline as a person does. Raises CommandFailed."""
        output = make(self.folder, "run", venv=self.venv, log=self.logs / "pipeline.log")
        if (done := self.last_run()) is None:
            raise CommandFailed(f"make run registered no model package:\n{output[-2000:]}")
        return done

    def approve(self, package: str) -> bool:
        """Approve a package as its reviewer would; return whether that was needed."""
        if self._status(package) == "Approved":
            return False
        registry: list[str | Path] = [self.venv / "bin" / "python", "-m", "mlops", "registry"]
        run(
            [*registry, "approve", package, "--local", "--note", "by the demo"],
            cwd=self.folder,
            log=self.logs / "approve.log",
        )
        return True

    def _status(self, package: str) -> str | None:
        group, version = package.rsplit("/", 2)[-2:]
        entry = self.folder / ".local" / "registry" / group / f"{version}.json"
        if not entry.is_file():
            return None
        return str(json.loads(entry.read_text(encoding="utf-8"))["ModelApprovalStatus"])


def _same(data: Path, target: Path) -> bool:
    """Whether two files, or all files of two folders, have the same names and bytes."""
    if data.is_file():
        return target.is_file() and filecmp.cmp(data, target, shallow=False)
    files = _files(data)
    return files == _files(target) and all(
        filecmp.cmp(data / name, target / name, shallow=False) for name in files
    )


def _files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
