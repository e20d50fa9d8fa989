"""A process that has done the work before: one line of JSON in, one line of JSON out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generator.remotes import TOKEN_VARIABLE

CHECKOUT = Path(__file__).resolve().parents[1]
TOKEN = "benchmark-token"


class WarmProcess:
    """A module of the benchmarks, started once and asked many times."""

    def __init__(self, module: str, *arguments: str, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env=dict(environment),
        )

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Its answer to a question."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def end(self) -> None:
        """Let it end, and wait until it has."""
        self._process.communicate()


def environment_in(home: Path) -> dict[str, str]:
    """What measured processes see: byte code is kept, git has no configuration, no AWS."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(CHECKOUT),
        "GIT_CONFIG_NOSYSTEM": "1",
        TOKEN_VARIABLE: TOKEN,
    }
