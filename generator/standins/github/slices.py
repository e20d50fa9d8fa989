"""Cuts the operations that the stand-in plays out of GitHub's OpenAPI description (13 MB of JSON).

The cut is kept in a cache folder under a name that changes with everything it depends on.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[3]
PACKAGE = CHECKOUT / "node_modules" / "@octokit" / "openapi"
CACHE = CHECKOUT / ".cache" / "github-openapi"
# Bump it when the cut itself changes.
FORMAT = 2
# What only people read.
PROSE = {"description", "summary", "example", "examples", "externalDocs", "x-octokit"}


class DescriptionMissing(Exception):
    """GitHub's description is not installed."""


@cache
def described(edition: str, wanted: frozenset[str]) -> dict[str, Any]:
    """Return the operations with the ids `wanted`, and all schemas that they refer to.

    edition: api.github.com, or ghes- and the version of an Enterprise Server.
    """
    source = PACKAGE / "generated" / f"{edition}.json"
    if not source.is_file():
        raise DescriptionMissing(f"{source} is not there: run make setup")
    version = json.loads((PACKAGE / "package.json").read_text())["version"]
    key = json.dumps([FORMAT, version, edition, sorted(wanted)]).encode()
    kept = CACHE / f"{edition}-{hashlib.sha256(key).hexdigest()[:16]}.json"
    try:
        found: dict[str, Any] = json.loads(kept.read_text())
    except (OSError, ValueError):
        found = cut(json.loads(source.read_text()), wanted)
        _keep(found, kept)
    return found


def cut(whole: dict[str, Any], wanted: Iterable[str]) -> dict[str, Any]:
    """Return `whole` with the operations `wanted` only, as JSON Schema where it has schemas."""
    ids = set(wanted)
    paths: dict[str, Any] = {}
    components: dict[str, Any] = {}

    def follow(node: Any) -> None:
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str):
                _, _, kind, name = reference.split("/")
                if name not in components.setdefault(kind, {}):
                    components[kind][name] = _plain(whole["components"][kind][name])
                    follow(components[kind][name])
            for inner in node.values():
                follow(inner)
        elif isinstance(node, list):
            for inner in node:
                follow(inner)

    for path, operations in whole["paths"].items():
        for method, operation in operations.items():
            if operation.get("operationId") in ids:
                ids.discard(operation["operationId"])
                paths.setdefault(path, {})[method] = _plain(operation)
                follow(paths[path][method])
    return {"paths": paths, "components": components, "unknown": sorted(ids)}


def _plain(node: Any) -> Any:
    """Return `node` without prose, and with `nullable` in the words of JSON Schema."""
    if isinstance(node, list):
        return [_plain(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    # A property may be called like a keyword; its value is a schema then, not a text.
    plain = {
        name: _plain(inner)
        for name, inner in node.items()
        if name not in PROSE or (name in {"description", "summary"} and isinstance(inner, dict))
    }
    if isinstance(plain.get("nullable"), bool) and plain.pop("nullable"):
        if "enum" in plain and None not in plain["enum"]:
            plain["enum"] = [*plain["enum"], None]
        if isinstance(plain.get("type"), str):
            plain["type"] = [plain["type"], "null"]
        elif {"$ref", "anyOf", "oneOf", "allOf"} & set(plain):
            plain = {"anyOf": [plain, {"type": "null"}]}
    return plain


def _keep(found: dict[str, Any], place: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=place.parent)
        with os.fdopen(handle, "w") as file:
            json.dump(found, file, separators=(",", ":"))
        Path(aside).chmod(0o644)
        Path(aside).replace(place)
    except OSError:
        return  # a folder that cannot be written to costs time, no more
