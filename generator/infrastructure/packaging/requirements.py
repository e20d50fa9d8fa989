"""Installs the libraries of the Lambda functions into a folder and keeps what runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from generator.errors import GeneratorError
from generator.infrastructure.packaging.platforms import PYTHON_VERSION, Architecture

REQUIREMENTS = Path(__file__).parents[1] / "lambda-requirements.txt"
# botocore describes every service of AWS, 30 MB of them; these are the ones that are called.
SERVICES = frozenset(
    {"datazone", "events", "sagemaker", "secretsmanager", "sns", "sso", "sso-oidc", "sts"}
)
# Of an installed package: commands that start with this machine's Python, records of how it was
# installed, types, tests, and large parts that nothing here reaches. Licences stay.
_LEFT_OUT = (
    "bin",
    "*.dist-info/INSTALLER",
    "*.dist-info/RECORD",
    "*.dist-info/REQUESTED",
    "*.dist-info/direct_url.json",
    "*.dist-info/uv_*",
    "**/*.pyi",
    "**/py.typed",
    "**/__pycache__",
    "*/tests",
    "*/test",
    ".lock",
    # Of Powertools all but logging, metrics and tracing; colours of program text in a terminal; the
    # faster half of a YAML parser that reads one short file.
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/utilities/[a-ik-z]*/",
    "yaml/_yaml.*.so",
    "pygments/lexers/[a-z]*.py",
    "pygments/lexers/_*_builtins.py",
)


class InstallationFailed(GeneratorError):
    """uv could not install the libraries; it has said why."""


def install(into: Path, architecture: Architecture, version: str = PYTHON_VERSION) -> None:
    """Install the pinned libraries for `architecture` into the folder `into`, wheels only.

    version: of the Python that runs them. Raises InstallationFailed when uv is missing or fails,
    with its last words.
    """
    command = [
        *(_uv(), "pip", "install", "--quiet", "--no-deps", "--no-config"),
        *("--target", str(into), "--only-binary", ":all:"),
        *("--python-platform", architecture.wheels, "--python-version", version),
        *("--requirement", str(REQUIREMENTS)),
    ]
    # Pins are exact, so what was fetched once is as good as what could be fetched again.
    for where in (["--offline"], []):
        done = subprocess.run([*command, *where], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            break
    else:
        raise InstallationFailed(
            f"the libraries of the Lambda functions for {architecture} cannot be installed:"
            f" {done.stderr.strip()[-600:]}"
        )
    _prune(into)


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("uv")
    if found is None:
        raise InstallationFailed("uv is not installed: run `make setup` and use its environment")
    return found


def _prune(folder: Path) -> None:
    for pattern in _LEFT_OUT:
        for path in sorted(folder.glob(pattern)):
            _remove(path)
    for path in sorted((folder / "botocore" / "data").iterdir()):
        if path.is_dir() and path.name not in SERVICES:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
