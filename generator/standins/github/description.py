"""What GitHub's description says about each operation: its route, and what may be sent and said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import jsonschema
from referencing import Registry
from referencing.jsonschema import DRAFT7

from generator.standins.github.slices import described

SMALLEST: dict[str, Any] = {
    "string": "x",
    "integer": 1,
    "number": 1,
    "boolean": False,
    "array": [],
    "null": None,
}
FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "uri": "http://127.0.0.1/",
    "email": "person@example.com",
}
# Descriptions of problems that are kept.
MOST_SAID = 2000


@dataclass(frozen=True)
class Operation:
    """One operation. id: such as repos/get. for_apps: an installation's token may call it."""

    id: str
    method: str
    template: str
    pattern: re.Pattern[str] = field(repr=False)
    document: Mapping[str, Any] = field(repr=False)

    @property
    def for_apps(self) -> bool:
        """Whether a GitHub App's installation may call it."""
        return bool(self.document.get("x-github", {}).get("enabledForGitHubApps"))


class Description:
    """The operations with ids `wanted` of one edition of GitHub's description."""

    def __init__(self, edition: str, wanted: Iterable[str]) -> None:
        self._document = described(edition, frozenset(wanted))
        self._registry: Registry[Any] = Registry().with_resource(
            "urn:github", DRAFT7.create_resource(self._document)
        )
        self._validators: dict[int, jsonschema.Draft7Validator] = {}
        self._said: dict[tuple[int, str], list[str]] = {}
        operations = [
            Operation(document["operationId"], method.upper(), path, _pattern(path), document)
            for path, methods in self._document["paths"].items()
            for method, document in methods.items()
        ]
        # Literal paths before those with parameters.
        self._operations = sorted(operations, key=lambda one: one.template.count("{"))

    def route(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """Return the operation that a request is for, and the parameters in its path."""
        for operation in self._operations:
            found = operation.pattern.fullmatch(path)
            if operation.method == method and found:
                return operation, {name: unquote(v) for name, v in found.groupdict().items()}
        return None

    def problems_of_query(self, operation: Operation, query: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the query's parameters."""
        known = {
            parameter["name"]: parameter["schema"]
            for parameter in map(self._resolved, operation.document.get("parameters", []))
            if parameter["in"] == "query"
        }
        problems = [f"unknown parameter {name}" for name in query if name not in known]
        for name, text in query.items():
            if name in known:
                schema = self._resolved(known[name])
                value = _typed(schema.get("type"), text)
                problems += [f"{name}: {said}" for said in self._problems(schema, value)]
        return problems

    def problems_of_body(self, operation: Operation, body: Any) -> list[str]:
        """Return what is wrong with a request's body, in GitHub's words where it has some."""
        request = self._resolved(operation.document.get("requestBody", {}))
        schema = request.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return [] if body is None else ["no body is expected"]
        if body is None:
            return ["a body is required"] if request.get("required") else []
        properties = self._properties(schema)
        unknown = [f'"{name}" is not a permitted key.' for name in set(body) - properties]
        return unknown if properties and unknown else self._problems(schema, body)

    def answer(self, operation: Operation, status: int, given: Any) -> tuple[Any, list[str]]:
        """Return the body that GitHub would send, and what is wrong with what is `given`.

        What the description requires beyond what is given is filled with the smallest that fits.
        """
        responses = operation.document["responses"]
        if str(status) not in responses:
            return given, [f"status {status} is not described, but {', '.join(responses)}"]
        content = self._resolved(responses[str(status)]).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None or schema == {"type": "null"}:
            return given, [] if given is None else ["no body is described"]
        body = self.filled(schema, given)
        undescribed = set(given if isinstance(given, dict) else ()) - self._properties(schema)
        problems = [f"{name} is not described" for name in sorted(undescribed)]
        return body, problems + self._problems(schema, body)

    def filled(self, schema: Mapping[str, Any], given: Any = None) -> Any:
        """Return the smallest instance of `schema` that has what is `given`."""
        schema = self._resolved(schema)
        if given is not None and not isinstance(given, dict | list):
            return given
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return self._filled_choice(schema[keyword], given)
        if "allOf" in schema:
            merged: dict[str, Any] = {}
            for part in schema["allOf"]:
                merged |= self.filled(part, given)
            return merged
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = "null" if given is None and "null" in kind else kind[0]
        if isinstance(given, list):
            return [self.filled(schema.get("items", {}), item) for item in given]
        if kind == "object" or "properties" in schema:
            return self._filled_object(schema, given or {})
        if given is not None:
            return given
        if kind == "null":
            return None
        if schema.get("enum"):
            return schema["enum"][0]
        return FORMATS.get(schema.get("format", ""), SMALLEST.get(str(kind), {}))

    def _filled_choice(self, choices: list[dict[str, Any]], given: Any) -> Any:
        if given is None and any(self._resolved(one).get("type") == "null" for one in choices):
            return None
        for choice in choices:
            filled = self.filled(choice, given)
            if not self._problems(choice, filled):
                return filled
        return self.filled(choices[0], given)

    def _filled_object(self, schema: Mapping[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        required = schema.get("required", [])
        filled = {
            name: self.filled(inner, given.get(name))
            for name, inner in schema.get("properties", {}).items()
            if name in required or name in given
        }
        return {**given, **filled}

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            _, _, kind, name = schema["$ref"].split("/")
            schema = self._document["components"][kind][name]
        return schema

    def _properties(self, schema: Mapping[str, Any]) -> set[str]:
        """Return the names that an object of `schema` may have; none when that is open."""
        schema = self._resolved(schema)
        names = set(schema.get("properties", {}))
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(keyword, []):
                names |= self._properties(part)
        return names

    def _problems(self, schema: Mapping[str, Any], value: Any) -> list[str]:
        # Every schema is a part of the document, so that it stays where it is. Most of what is
        # said was said before: checking it is what costs most in the stand-in.
        key = (id(schema), json.dumps(value, sort_keys=True))
        said = self._said.get(key)
        if said is None:
            said = [
                f"{'/'.join(map(str, error.absolute_path)) or 'body'}: {error.message[:200]}"
                for error in self._validator(schema).iter_errors(value)
            ]
            if len(self._said) >= MOST_SAID:
                self._said.clear()
            self._said[key] = said
        return list(said)

    def _validator(self, schema: Mapping[str, Any]) -> jsonschema.Draft7Validator:
        if id(schema) not in self._validators:
            self._validators[id(schema)] = jsonschema.Draft7Validator(
                _absolute(schema), registry=self._registry
            )
        return self._validators[id(schema)]


def _pattern(path: str) -> re.Pattern[str]:
    pattern = ""
    for part in re.split(r"(\{\w+\})", path):
        # The path of a file is the one parameter with slashes.
        inner = ".+" if part == "{path}" else "[^/]+"
        pattern += f"(?P<{part[1:-1]}>{inner})" if part.startswith("{") else re.escape(part)
    return re.compile(pattern)


def _typed(kind: Any, text: str) -> Any:
    if kind == "integer" and re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    if kind == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text


def _absolute(node: Any) -> Any:
    """Return a schema whose references name the document that they point into."""
    if isinstance(node, list):
        return [_absolute(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    return {
        name: f"urn:github{inner}" if name == "$ref" else _absolute(inner)
        for name, inner in node.items()
    }
