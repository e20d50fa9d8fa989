"""The model directory: what Train writes, SageMaker packs as model.tar.gz, and the endpoint loads.

model.joblib (the pipeline that takes raw records), schema.json, metadata.json, and code/: the
handlers' entry point with the modules that they import, nothing more.
"""

from __future__ import annotations

import ast
import json
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib
from sklearn.pipeline import Pipeline

from source.errors import UserError
from source.schema import FILE_NAME as SCHEMA_FILE
from source.schema import TableSchema

MODEL_FILE = "model.joblib"
METADATA_FILE = "metadata.json"
ARCHIVE = "model.tar.gz"
# SageMaker's toolkit imports this module and calls its handlers.
ENTRY = '''"""The handlers that SageMaker's inference toolkit calls."""

from source.inference import input_fn, model_fn, output_fn, predict_fn

__all__ = ["input_fn", "model_fn", "output_fn", "predict_fn"]
'''


class ModelUnusable(UserError):
    """A model directory or archive lacks something or cannot be read; the text says what."""


def write_model(
    directory: Path, pipeline: Pipeline, schema: TableSchema, metadata: Mapping[str, Any]
) -> None:
    """Write the whole model directory."""
    directory.mkdir(parents=True, exist_ok=True)
    joblib.dump(pipeline, directory / MODEL_FILE)
    schema.save(directory / SCHEMA_FILE)
    text = json.dumps(metadata, indent=2, ensure_ascii=False)
    (directory / METADATA_FILE).write_text(text + "\n", encoding="utf-8")
    copy_code(directory / "code")


def read_metadata(directory: Path) -> dict[str, Any]:
    """The metadata of a model directory; raises `ModelUnusable`."""
    try:
        return dict(json.loads((directory / METADATA_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ModelUnusable(f"{directory.name}/{METADATA_FILE}: {error}") from error


def unpack(archive: Path, directory: Path) -> Path:
    """Unpack a model.tar.gz into `directory`; nothing can land outside of it."""
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(directory, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise ModelUnusable(f"{archive.name} cannot be unpacked: {error}") from error
    return directory


def copy_code(directory: Path) -> None:
    """Copy the modules that `source.inference` needs, and its entry point, to `directory`."""
    package = Path(__file__).resolve().parent
    target = directory / package.name
    target.mkdir(parents=True, exist_ok=True)
    for module in serving_modules():
        shutil.copyfile(package / f"{module}.py", target / f"{module}.py")
    (directory / "inference.py").write_text(ENTRY, encoding="utf-8")


def serving_modules() -> list[str]:
    """Names of this package's modules that `source.inference` imports, itself and __init__ too."""
    package = Path(__file__).resolve().parent
    found = {"__init__"}
    pending = ["inference"]
    while pending:
        module = pending.pop()
        if module not in found:
            found.add(module)
            pending += _imports(package / f"{module}.py", package)
    return sorted(found)


def _imports(path: Path, package: Path) -> list[str]:
    modules: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == package.name:
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            f"{package.name}."
        ):
            modules.append(str(node.module).split(".")[1])
    return modules
