"""Reads a synthesized template: resources by type, and every statement of every policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.infrastructure.project_roles import FILE_NAME

ENDING = ".template.json"


@dataclass(frozen=True)
class Statement:
    """One statement of a policy; `owner` is the logical id of its role, queue, key or topic."""

    owner: str
    content: dict[str, Any]

    @property
    def actions(self) -> list[str]:
        return listed(self.content["Action"])

    @property
    def resources(self) -> list[Any]:
        return listed(self.content.get("Resource", []))


@dataclass(frozen=True)
class Template:
    """A stack's template as it was written."""

    text: str
    content: dict[str, Any]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Logical id -> properties of the resources of a type, without `AWS::`."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.content["Resources"].items()
            if resource["Type"] == f"AWS::{kind}"
        }

    def only(self, kind: str, **properties: Any) -> tuple[str, dict[str, Any]]:
        """The one resource of a type that has these properties."""
        (found,) = (
            (name, have)
            for name, have in self.of_type(kind).items()
            if all(have.get(key) == value for key, value in properties.items())
        )
        return found

    def role_statements(self) -> Iterator[Statement]:
        """What each role may do, in its own policies and in those attached to it."""
        for name, role in self.of_type("IAM::Role").items():
            assert "ManagedPolicyArns" not in role, f"{name}: what it may is somebody else's choice"
            for policy in role.get("Policies", []):
                yield from statements(name, policy["PolicyDocument"])
        for policy in self.of_type("IAM::Policy").values():
            for role in policy["Roles"]:
                yield from statements(role["Ref"], policy["PolicyDocument"])

    def role_of(self, function: str) -> str:
        """Logical id of the role of the function of that name."""
        _, properties = self.only("Lambda::Function", FunctionName=function)
        return str(properties["Role"]["Fn::GetAtt"][0])

    def actions_of(self, function: str) -> dict[str, list[Any]]:
        """action -> resources, of the function of that name."""
        role = self.role_of(function)
        return {
            action: statement.resources
            for statement in self.role_statements()
            if statement.owner == role
            for action in statement.actions
        }


def statements(owner: str, document: dict[str, Any]) -> Iterator[Statement]:
    for content in document["Statement"]:
        yield Statement(owner, content)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def resolved(value: Any) -> str:
    """A text of a template; whatever is only known when it is deployed reads `ref`."""
    parts = value["Fn::Join"][1] if isinstance(value, dict) else [value]
    return "".join(part if isinstance(part, str) else "ref" for part in parts)


def read_all(folder: Path) -> dict[str, Template]:
    """The templates of an assembly's stacks by the stack's name."""
    return {
        path.name.removesuffix(ENDING): Template(path.read_text(), json.loads(path.read_text()))
        for path in sorted(folder.glob(f"*{ENDING}"))
        if path.name != FILE_NAME
    }
