"""A step's code: the modules that the step's entry point imports, and nothing else.

A bundle is named by its content, so editing a module changes only the steps that import it,
directly or through others.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.errors import CommandError

LOCAL_PACKAGES = ("source", "mlops")


class BundleError(CommandError):
    """A step's code cannot be collected, for example because an import leads nowhere."""


@dataclass(frozen=True)
class Bundle:
    """The files of one step: relative POSIX path to content."""

    files: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that depend on the paths and contents only."""
        return content_digest(self.files)

    def write(self, directory: Path) -> None:
        """Write the files below `directory`."""
        for name, content in self.files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def content_digest(files: Mapping[str, bytes]) -> str:
    """16 hexadecimal digits of a set of files, whatever their order, owner, mode or time."""
    digest = hashlib.sha256()
    for name in sorted(files):
        content = files[name]
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def step_bundle(
    root: Path,
    entry: str,
    *,
    settings: Mapping[str, Any],
    requirements: Path | None = None,
    also: Iterable[str] = (),
) -> Bundle:
    """The bundle of the step whose entry point is `entry`, written `package.module:function`.

    `root` holds the local packages. `settings` becomes `settings.json`; `also` names modules
    that travel along although the entry point does not import them.
    """
    module, separator, function = entry.partition(":")
    if not (separator and function.isidentifier()):
        raise BundleError(f"entry point {entry!r} is not of the form package.module:function")
    files = {
        path.relative_to(root).as_posix(): _text(path)
        for path in local_closure(root, [module, *also])
    }
    files["entry.py"] = f"from {module} import {function}\n{function}()\n".encode()
    files["settings.json"] = (json.dumps(settings, indent=2, sort_keys=True) + "\n").encode()
    if requirements is not None:
        files["requirements.txt"] = _text(root / requirements)
    return Bundle(dict(sorted(files.items())))


def local_closure(root: Path, modules: Iterable[str]) -> tuple[Path, ...]:
    """Files of the local packages that importing `modules` executes, sorted.

    Raises `BundleError` naming file and line when a local import leads nowhere.
    """
    found: dict[Path, None] = {}
    pending = [(name, "the entry point") for name in modules]
    while pending:
        name, origin = pending.pop()
        if name.partition(".")[0] not in LOCAL_PACKAGES:
            continue
        path = _module_file(root, name)
        if path is None:
            raise BundleError(f"{origin} needs module {name}, which is not below {root.resolve()}")
        for file in (*_packages_above(root, name), *([path] if path.is_file() else [])):
            if file not in found:
                found[file] = None
                pending.extend(_local_imports(root, file))
    return tuple(sorted(found))


def _module_file(root: Path, name: str) -> Path | None:
    """The file of a module, the `__init__.py` or directory of a package, None when absent."""
    base = root.joinpath(*name.split("."))
    for candidate in (base / "__init__.py", base.with_suffix(".py")):
        if candidate.is_file():
            return candidate
    return base if base.is_dir() else None


def _packages_above(root: Path, name: str) -> Iterator[Path]:
    parts = name.split(".")
    for depth in range(1, len(parts)):
        init = root.joinpath(*parts[:depth], "__init__.py")
        if init.is_file():
            yield init


def _local_imports(root: Path, file: Path) -> Iterator[tuple[str, str]]:
    """Names of the local modules that `file` imports, each with the place that asks for it."""
    try:
        tree = ast.parse(file.read_bytes(), filename=str(file))
    except SyntaxError as error:
        raise BundleError(f"{file}:{error.lineno}: {error.msg}") from error
    package = file.relative_to(root).with_suffix("").parts[:-1]
    for node in _executed(tree):
        origin = f"{file}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            yield from ((alias.name, origin) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            yield base, origin
            if base.partition(".")[0] in LOCAL_PACKAGES:
                # `from package import name`: the name is a module, or something inside one.
                for alias in node.names:
                    submodule = f"{base}.{alias.name}"
                    if _module_file(root, submodule) is not None:
                        yield submodule, origin


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """Every node but those under `if TYPE_CHECKING:`, which never run."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _is_type_checking(child.test):
            for other in child.orelse:
                yield other
                yield from _executed(other)
            continue
        yield child
        yield from _executed(child)


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", None)
    return name == "TYPE_CHECKING"


def _text(path: Path) -> bytes:
    """Content with the line ends of POSIX, so that every checkout gives the same bytes."""
    try:
        return path.read_bytes().replace(b"\r\n", b"\n")
    except OSError as error:
        raise BundleError(f"cannot read {path}: {error.strerror}") from error
