"""A model artifact and its code, loaded the way SageMaker's inference container does it.

The code is either the handlers that AWS's inference toolkit calls, in code/inference.py, or a whole
application for containers that bring their own server, in code/app.py.
"""

import importlib
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from mlops.errors import CommandError

ENTRY = "inference"
APPLICATION = "app"
_HANDLERS = ("model_fn", "input_fn", "predict_fn", "output_fn")


class ArtifactError(CommandError):
    """The artifact cannot be served; the text says what it lacks."""


@dataclass(frozen=True)
class Reply:
    """An answer's body and content type."""

    body: bytes
    content_type: str


@dataclass(frozen=True)
class LoadedModel:
    """A model with the handlers around it."""

    model: Any
    input_fn: Callable[[bytes, str], Any]
    predict_fn: Callable[[Any, Any], Any]
    output_fn: Callable[[Any, str], Any]

    def reply(self, prediction: Any, accept: str) -> Reply:
        """A prediction as the client wants it; handlers answer with a body, or body and type."""
        answer = self.output_fn(prediction, accept)
        body, content_type = answer if isinstance(answer, tuple) else (answer, accept)
        return Reply(body.encode() if isinstance(body, str) else bytes(body), str(content_type))


def unpack(source: Path, folder: Path) -> Path:
    """The model directory of `source`: itself, or its files when it is an archive (.tar.gz).

    Files are written below `folder` and nowhere else. Raises `ArtifactError`.
    """
    if source.is_dir():
        return source
    if not source.is_file():
        raise ArtifactError(f"there is no model at {source}: give a model.tar.gz or a directory")
    try:
        with tarfile.open(source, "r:*") as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ArtifactError(f"{source} cannot be unpacked: {error}") from error
    return folder


def is_servable(directory: Path) -> bool:
    """Whether a directory is a model that brings its own code, handlers or application."""
    return has_application(directory) or (directory / "code" / f"{ENTRY}.py").is_file()


def has_application(directory: Path) -> bool:
    """Whether a model directory brings an application instead of handlers."""
    return (directory / "code" / f"{APPLICATION}.py").is_file()


def load_application(directory: Path) -> Any:
    """The ASGI application that `build_app` of `code/app.py` makes for a model directory.

    Raises `ArtifactError`.
    """
    module = _import(directory, APPLICATION)
    try:
        return module.build_app(directory)
    except Exception as error:
        raise ArtifactError(f"build_app cannot load the model: {_named(error)}") from error


def load(directory: Path) -> LoadedModel:
    """Load `code/inference.py` of a model directory and, with its `model_fn`, the model.

    Raises `ArtifactError`.
    """
    if not (directory / "code" / f"{ENTRY}.py").is_file():
        raise ArtifactError(f"{directory} has no code/{ENTRY}.py with the handlers")
    module = _import(directory, ENTRY)
    missing = [name for name in _HANDLERS if not callable(getattr(module, name, None))]
    if missing:
        raise ArtifactError(f"code/{ENTRY}.py lacks {', '.join(missing)}")
    try:
        model = module.model_fn(str(directory))
    except Exception as error:
        raise ArtifactError(f"model_fn cannot load the model: {_named(error)}") from error
    return LoadedModel(model, module.input_fn, module.predict_fn, module.output_fn)


def _import(directory: Path, name: str) -> ModuleType:
    """Import a module of the artifact's code.

    That code is what answers, not the repository's: it is put first on the import path, and
    modules that were imported under its names before are left aside.
    """
    code = directory / "code"
    own = {path.stem for path in code.iterdir()}
    for loaded in [loaded for loaded in sys.modules if loaded.partition(".")[0] in own]:
        del sys.modules[loaded]
    sys.path.insert(0, str(code.absolute()))
    sys.dont_write_bytecode = True
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise ArtifactError(f"code/{name}.py cannot be imported: {_named(error)}") from error


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
