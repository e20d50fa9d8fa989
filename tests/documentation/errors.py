"""Which errors the control plane's functions can end with, found by following their imports."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
from collections.abc import Iterator
from pathlib import Path

from conftest import CHECKOUT

from generator.errors import GeneratorError, InputError

HANDLERS = CHECKOUT / "generator" / "handlers"
# The two families; their members are raised.
FAMILIES = {GeneratorError, InputError}


def reachable_errors() -> dict[str, type[GeneratorError]]:
    """Return every error class of the modules that the entry points import, also when they run."""
    found: dict[str, type[GeneratorError]] = {}
    for module in sorted(reachable_modules()):
        for name, member in inspect.getmembers(importlib.import_module(module), inspect.isclass):
            own = member.__module__ == module and issubclass(member, GeneratorError)
            if own and member not in FAMILIES:
                found[name] = member
    return found


def reachable_modules() -> set[str]:
    """Return the modules of the generator that the entry points can come to."""
    waiting = [f"generator.handlers.{path.stem}" for path in HANDLERS.glob("[a-z]*.py")]
    seen: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        waiting += imported_by(source_of(module))
    return seen


def imported_by(source: Path) -> Iterator[str]:
    """Yield the modules of the generator that a file imports, anywhere but for types only."""
    tree = ast.parse(source.read_text())
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node not in for_types:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            for name in (node.module, *names):
                if name.startswith("generator") and is_module(name):
                    yield name


def is_module(name: str) -> bool:
    path = CHECKOUT / Path(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def source_of(module: str) -> Path:
    path = CHECKOUT / Path(*module.split("."))
    file = path.with_suffix(".py")
    return file if file.is_file() else path / "__init__.py"
