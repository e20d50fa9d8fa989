"""Checks values against the shapes of botocore's service models, and writes them for the wire."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from botocore.model import Shape
from botocore.validate import ParamValidator

Document = dict[str, Any]


def problems_of(shape: Shape | None, value: Any, where: str) -> Iterator[str]:
    """Yield what is wrong with `value`: botocore's checks, then patterns, choices and lengths."""
    if shape is None:
        return
    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        yield f"{where}: {report.generate_report()}"
        return
    yield from _finer(shape, value, where)


def _finer(shape: Any, value: Any, where: str) -> Iterator[str]:
    if shape.type_name == "structure":
        for name, inner in value.items():
            yield from _finer(shape.members[name], inner, f"{where}.{name}")
    elif shape.type_name == "list":
        for index, inner in enumerate(value):
            yield from _finer(shape.member, inner, f"{where}[{index}]")
    elif shape.type_name == "map":
        for name, inner in value.items():
            yield from _finer(shape.value, inner, f"{where}[{name}]")
    elif shape.type_name == "string":
        rules = shape.metadata
        if shape.enum and value not in shape.enum:
            yield f"{where}: {value!r} is not one of {', '.join(shape.enum)}"
        if "pattern" in rules and not re.fullmatch(rules["pattern"], value):
            yield f"{where}: {value!r} does not match {rules['pattern']}"
        if len(value) > rules.get("max", len(value)):
            yield f"{where}: longer than {rules['max']}"


def wire(shape: Any, value: Any) -> Any:
    """Return `value` as it goes over the wire: names and times as the model serializes them."""
    if shape.type_name == "structure":
        return {
            shape.members[name].serialization.get("name", name): wire(shape.members[name], inner)
            for name, inner in value.items()
        }
    if shape.type_name == "list":
        return [wire(shape.member, inner) for inner in value]
    if shape.type_name == "map":
        return {name: wire(shape.value, inner) for name, inner in value.items()}
    if isinstance(value, datetime):
        iso = shape.serialization.get("timestampFormat") == "iso8601"
        return value.isoformat() if iso else value.timestamp()
    return value
