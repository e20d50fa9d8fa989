"""Skips compiling when nothing that the definition depends on has changed.

Importing the SageMaker SDK takes ten seconds; reading the sources takes a hundredth of one.
"""

import hashlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from mlops.local.workspace import write_text

_SOURCES = (
    "pipeline",
    "source",
    "mlops",
    "prompts",
    "config",
    "cicd-config.json",
    "requirements.txt",
)
_STAMP = "fingerprint"
_DEFINITION = "definition.json"
OUTPUT = Path(".pipeline")
_HUGE = 64 * 1024 * 1024


def compile_when_needed(root: Path, output: Path) -> Path:
    """The definition of the repository at `root`, compiled to `output` unless it is up to date."""
    fingerprint = sources_fingerprint(root)
    if not is_compiled(output, fingerprint):
        importlib.import_module("mlops.compile").compile_pipeline(output)
        mark_compiled(output, fingerprint)
    return output / _DEFINITION


def is_compiled(output: Path, fingerprint: str) -> bool:
    """Whether the definition in `output` was compiled from the sources with this fingerprint."""
    stamp = output / _STAMP
    if not (stamp.is_file() and (output / _DEFINITION).is_file()):
        return False
    return stamp.read_text(encoding="utf-8") == fingerprint


def mark_compiled(output: Path, fingerprint: str) -> None:
    """Note what the definition in `output` was compiled from; taken before compiling."""
    write_text(output / _STAMP, fingerprint)


def sources_fingerprint(root: Path) -> str:
    """A hash over everything that a compiled definition and its assets depend on."""
    total = hashlib.sha256(sys.version.encode())
    for path in sorted({*_sources(root), *configured_files(root)}):
        total.update(f"{path.relative_to(root).as_posix()}\0".encode())
        total.update(_state(path).encode())
    return total.hexdigest()


def _state(path: Path) -> str:
    """A file's content by its digest; of a huge one, such as weights, size and time."""
    status = path.stat()
    if status.st_size > _HUGE:
        return f"{status.st_size} {status.st_mtime_ns}"
    return hashlib.sha256(path.read_bytes()).hexdigest()


def configured_files(root: Path) -> set[Path]:
    """Files of the repository that its configuration names: the data, a model's folder."""
    found: set[Path] = set()
    for text in configured_texts(root):
        path = root / text
        if path.is_file():
            found.add(path)
        elif path.is_dir() and Path(text).parts:
            found.update(file for file in path.rglob("*") if file.is_file())
    return found


def configured_texts(root: Path) -> Iterator[str]:
    """Texts in `config/*.yaml` that can be a path inside the repository."""
    for file in sorted((root / "config").glob("*.yaml")):
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
        except yaml.YAMLError:
            continue  # compiling says what is wrong with it
        for text in _texts(content):
            path = Path(text)
            if text and len(text) < 256 and not path.is_absolute() and ".." not in path.parts:
                yield text


def _sources(root: Path) -> Iterator[Path]:
    for name in _SOURCES:
        path = root / name
        if path.is_file():
            yield path
        for file in path.rglob("*") if path.is_dir() else ():
            if file.is_file() and "__pycache__" not in file.parts:
                yield file


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and "\n" not in value and "\0" not in value:
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
