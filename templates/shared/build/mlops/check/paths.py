"""Paths into nested values: `Outputs['train'].S3Output.S3Uri`, `$.gate.checks[0].value`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PART = re.compile(
    r"\.?(?P<name>[^.\[\]'\"]+)|\[(?P<index>\d+)\]|\[(?P<quote>['\"])(?P<key>.*?)(?P=quote)\]"
)
# The member that names an element of a list in SageMaker's answers.
_NAMED_BY = ("OutputName", "InputName", "ChannelName", "MetricName", "Name")


class PathError(ValueError):
    """A path that cannot be read, or that leads nowhere in a value."""


@dataclass(frozen=True)
class Part:
    """One step of a path. `bracketed` tells `['train']` and `[0]` from `.train`."""

    key: str | int
    bracketed: bool


def parse_path(text: str) -> tuple[Part, ...]:
    """Split a path; raises `PathError` with the position of what cannot be read."""
    parts: list[Part] = []
    position = 1 if text.startswith("$") else 0
    while position < len(text):
        found = _PART.match(text, position)
        if not found or (found["name"] and parts and text[position] != "."):
            raise PathError(f"{text!r} cannot be read from {text[position:]!r} on")
        if found["name"]:
            parts.append(Part(found["name"], bracketed=False))
        else:
            parts.append(Part(int(found["index"]) if found["index"] else found["key"], True))
        position = found.end()
    if not parts:
        raise PathError("the path is empty")
    return tuple(parts)


def select(value: Any, path: tuple[Part, ...]) -> Any:
    """What `path` leads to. A list is entered by position or by the name of an element.

    Raises `PathError` naming the first part that leads nowhere and what is there instead.
    """
    for part in path:
        value = _enter(value, part.key)
    return value


def _enter(value: Any, key: str | int) -> Any:
    if isinstance(value, Mapping):
        if key in value:
            return value[key]
        raise PathError(f"there is no {key!r}; there are {', '.join(map(str, value)) or 'none'}")
    if isinstance(value, Sequence) and not isinstance(value, str):
        if isinstance(key, int) and key < len(value):
            return value[key]
        for element in value:
            if isinstance(element, Mapping) and any(element.get(n) == key for n in _NAMED_BY):
                return element
        raise PathError(f"the list of {len(value)} has no element {key!r}")
    raise PathError(f"{key!r} cannot be looked up in {value!r}")
