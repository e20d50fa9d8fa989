"""Reads pydantic models as text: their keys, bounds and choices, without importing them.

The models belong to the rendered repositories, whose libraries are not installed beside these
tests.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BOUNDS = {"ge", "gt", "le", "lt", "min_length", "max_length"}


@dataclass(frozen=True)
class Key:
    """One key: the numbers that bound it, the words to choose from, and its default."""

    bounds: frozenset[float]
    choices: frozenset[str]
    default: Any


@dataclass(frozen=True)
class _Sources:
    """Classes and module-level names of some files."""

    classes: dict[str, ast.ClassDef]
    names: dict[str, ast.expr]

    @classmethod
    def read(cls, files: Sequence[Path]) -> _Sources:
        trees = [node for file in files for node in ast.parse(file.read_text()).body]
        assigned = [node for node in trees if isinstance(node, ast.Assign)]
        return cls(
            {node.name: node for node in trees if isinstance(node, ast.ClassDef)},
            {
                target.id: node.value
                for node in assigned
                for target in node.targets
                if isinstance(target, ast.Name)
            },
        )

    def section(self, annotation: ast.expr) -> str | None:
        """The model that an annotation names, if it names one."""
        for node in ast.walk(annotation):
            if isinstance(node, ast.Name) and node.id in self.classes:
                return node.id
        return None

    def nodes(self, expression: ast.expr) -> Iterator[ast.AST]:
        """All nodes of an expression, with those of the names that it uses."""
        for node in ast.walk(expression):
            yield node
            if isinstance(node, ast.Name) and node.id in self.names:
                yield from ast.walk(self.names[node.id])


def keys_of(files: Sequence[Path], root: str) -> dict[str, Key]:
    """Every dotted key of the model `root`, whose classes are in `files`."""
    return dict(_keys(_Sources.read(files), root, ""))


def _keys(sources: _Sources, name: str, above: str) -> Iterator[tuple[str, Key]]:
    node = sources.classes[name]
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in sources.classes:
            inherited = dict(_keys(sources, base.id, above))
            own = {f.target.id for f in _fields(node) if isinstance(f.target, ast.Name)}
            yield from ((k, v) for k, v in inherited.items() if k.rsplit(".", 1)[-1] not in own)
    for field in _fields(node):
        assert isinstance(field.target, ast.Name)
        key = f"{above}{_alias(field) or field.target.id}"
        section = sources.section(field.annotation)
        if section:
            yield from _keys(sources, section, f"{key}.")
        else:
            yield key, _key(sources, field)


def _fields(node: ast.ClassDef) -> list[ast.AnnAssign]:
    return [part for part in node.body if isinstance(part, ast.AnnAssign)]


def _alias(field: ast.AnnAssign) -> str | None:
    """The key in the file, where Python needs another name for it."""
    for node in ast.walk(field.annotation):
        if isinstance(node, ast.Call) and _name(node.func) == "Field":
            for keyword in node.keywords:
                if keyword.arg == "alias" and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return None


def _key(sources: _Sources, field: ast.AnnAssign) -> Key:
    bounds: set[float] = set()
    choices: set[str] = set()
    expressions = [field.annotation] + ([field.value] if field.value else [])
    for expression in expressions:
        for node in sources.nodes(expression):
            if isinstance(node, ast.Call) and _name(node.func) == "Field":
                limits = [k.value for k in node.keywords if k.arg in BOUNDS]
                bounds |= {float(_number(limit)) for limit in limits}
            elif isinstance(node, ast.Subscript) and _name(node.value) == "Literal":
                words = [part for part in ast.walk(node.slice) if isinstance(part, ast.Constant)]
                choices |= {str(word.value) for word in words}
    return Key(frozenset(bounds), frozenset(choices), _default(field.value))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _number(node: ast.expr) -> float:
    """A constant, or arithmetic with constants."""
    assert all(isinstance(n, ast.Constant | ast.BinOp | ast.operator) for n in ast.walk(node))
    return float(eval(compile(ast.Expression(node), "bound", "eval"), {"__builtins__": {}}))


def _default(node: ast.expr | None) -> Any:
    """A default as YAML would say it; None where it is made by a call."""
    try:
        value = ast.literal_eval(node) if node else None
    except ValueError:
        return None
    return list(value) if isinstance(value, tuple) else value
