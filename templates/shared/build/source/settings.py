"""Reads a step's settings: its sections of config/pipeline.yaml, as `settings.json` in its code.

The pipeline has checked them when it was compiled; here they become frozen dataclasses, and unknown
keys and values that would make no sense are refused, so that no step looks at a dictionary again.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from source.errors import UserError

Section = TypeVar("Section")


class SettingsError(UserError):
    """A setting is missing, unknown or out of range; the text names it and what is allowed."""


def require(condition: bool, message: str) -> None:
    """Raise `SettingsError` with `message` unless `condition` holds."""
    if not condition:
        raise SettingsError(message)


def require_split(validation: float, test: float) -> None:
    """Raise `SettingsError` unless these shares of the rows leave enough to train on."""
    for name, share in (("validation", validation), ("test", test)):
        require(0.0 < share < 1.0, f"split.{name}: {share} is not between 0 and 1")
    require(
        validation + test < 0.9,
        f"split: validation {validation} and test {test} leave too little to train",
    )


def read_document(path: Path) -> dict[str, Any]:
    """The step's `settings.json`. Raises `SettingsError` when it is absent or no JSON object."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such settings file; give --settings") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not JSON, {error}") from error
    require(isinstance(document, dict), f"{path}: it must hold an object of sections")
    return dict(document)


def default_path() -> Path:
    """`settings.json` beside the entry point: the root of the step's code."""
    return Path(__file__).resolve().parent.parent / "settings.json"


def section(kind: type[Section], name: str, values: Mapping[str, Any] | None) -> Section:
    """Build a section, and the sections inside it; lists become tuples.

    `name` is where the section stands, such as `train.lora`. Raises `SettingsError` for a key that
    it does not have.
    """
    hints = get_type_hints(kind)
    fields = {item.name for item in dataclasses.fields(cast("Any", kind))}
    unknown = sorted(set(values or {}) - fields)
    require(not unknown, f"{name}: unknown {unknown}; the keys are {', '.join(sorted(fields))}")
    given: dict[str, Any] = {}
    for key, value in (values or {}).items():
        inner = _section_kind(hints[key])
        if inner is not None and isinstance(value, Mapping):
            given[key] = section(inner, f"{name}.{key}", value)
        else:
            given[key] = tuple(value) if isinstance(value, list) else value
    return kind(**given)


def _section_kind(annotation: Any) -> type[Any] | None:
    """The dataclass in `annotation`, which may be optional; None when there is none."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next(filter(None, map(_section_kind, get_args(annotation))), None)
    is_section = isinstance(annotation, type) and dataclasses.is_dataclass(annotation)
    return annotation if is_section else None
