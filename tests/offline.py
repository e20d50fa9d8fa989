"""Commands with the network out of reach, and what the local runs of a build repository leave."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from conftest import run

GUARD = Path(__file__).parent / "guards"
Make = Callable[..., subprocess.CompletedProcess[str]]


def offline(*words: str | Path, cwd: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a command whose Python processes may only reach this machine, and have not tried more.

    `home` stands for the person's home, and has the log of the guard.
    """
    log = home / "network.log"
    done = run(*words, cwd=cwd, HOME=str(home), PYTHONPATH=str(GUARD), NETWORK_GUARD_LOG=str(log))
    assert not log.exists(), log.read_text()
    return done


def make_in(folder: Path, *, environment: Path, home: Path) -> Make:
    """A function that runs make targets in a repository, with its environment, offline."""

    def target(*names: str, args: str = "") -> subprocess.CompletedProcess[str]:
        words = ("make", "--no-print-directory", f"VENV={environment}", *names, f"ARGS={args}")
        return offline(*words, cwd=folder, home=home)

    return target


def last_run(build: Path) -> dict:
    """How the run that ended last came out."""
    return json.loads((build / ".local/last_run.json").read_text())


def evaluation(build: Path) -> dict:
    """What the last run has measured."""
    return json.loads(Path(last_run(build)["report"]).with_name("evaluation.json").read_text())


def registered(build: Path) -> list[str]:
    """The versions in the registry of this machine, as names of files."""
    return sorted(path.name for path in (build / ".local/registry").glob("*/[0-9]*.json"))


def assert_whole(report: Path) -> None:
    """A report has its plots in it, and names nothing that would have to be fetched."""
    text = report.read_text()
    assert "<img" in text
    assert "http://" not in text.replace("http://www.w3.org", "")
