"""One kind of error for everything a person can get wrong in a file or on the command line."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError


class ConfigurationError(Exception):
    """Something the user wrote is wrong; the message names it, its value and the fix."""


def describe(error: ValidationError, *, model: type[BaseModel], file: Path) -> str:
    """One line per problem: file, key, value and what to write instead."""
    return "\n".join(f"{file}: {_sentence(problem, model)}" for problem in error.errors())


def _sentence(problem: Mapping[str, Any], model: type[BaseModel]) -> str:
    location = tuple(problem["loc"])
    key = ".".join(str(part) for part in location) or "the file"
    kind, value = problem["type"], problem["input"]
    if kind == "missing":
        return f"{key} is missing; add it: {_expected(model, location)}"
    if kind == "extra_forbidden":
        known = sorted(_fields_at(model, location[:-1]))
        near = get_close_matches(str(location[-1]), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the keys here are: {', '.join(known)}"
        return f"{key} (value {value!r}) is not a known key; {hint}"
    if kind == "value_error":  # raised by our own validators, whose text is already complete
        return f"{key}: {problem['ctx']['error']}"
    return f"{key} is {value!r}: {problem['msg'].lower()}; use {_expected(model, location)}"


def _fields_at(model: type[BaseModel], location: tuple[Any, ...]) -> Mapping[str, Any]:
    """The fields of the section that ``location`` leads to; empty when it leads to a value."""
    fields = dict(model.model_fields)
    for part in location:
        if isinstance(part, int):  # a place in a list of sections, whose keys are all the same
            continue
        field = fields.get(part)
        section = _section(field.annotation) if field else None
        fields = dict(section.model_fields) if section else {}
    return fields


def _section(annotation: Any) -> type[BaseModel] | None:
    candidates = (annotation, *getattr(annotation, "__args__", ()))
    for candidate in candidates:
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _expected(model: type[BaseModel], location: tuple[Any, ...]) -> str:
    """The description of the field at ``location``, or of the nearest field above it."""
    while location:
        field = _fields_at(model, location[:-1]).get(location[-1])
        if field is not None and field.description:
            return str(field.description)
        location = location[:-1]
    return "a mapping of keys to values"
