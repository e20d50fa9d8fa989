"""Reads which stacks a synthesis has written, where each belongs, and in which order they go."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.config.model import Place
from generator.errors import InputError, shown

_STACK = "aws:cloudformation:stack"


@dataclass(frozen=True)
class Stack:
    """A stack of an assembly. after: the names of those that must be there before it.

    bootstrap_parameter: in Parameter Store, where the CDK's bootstrap notes its version, of which
    `bootstrap_version` is needed.
    """

    name: str
    place: Place
    after: tuple[str, ...]
    bootstrap_parameter: str
    bootstrap_version: int


def read_stacks(folder: Path) -> tuple[Stack, ...]:
    """Return the stacks below `folder` in the order of their deployment.

    Raises InputError when there is no assembly, or one that is not of this project.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        artifacts = manifest["artifacts"]
        stacks = {
            name: _stack(name, artifact, artifacts)
            for name, artifact in artifacts.items()
            if artifact["type"] == _STACK
        }
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(
            f"{shown(str(folder))} has no stacks that can be deployed ({type(error).__name__}): run"
            " make synth"
        ) from None
    return tuple(_in_order(stacks))


def chosen(stacks: Iterable[Stack], name: str | None) -> tuple[Stack, ...]:
    """Return the stack of that name, or all; InputError when there is none."""
    found = tuple(stack for stack in stacks if name is None or stack.name == name)
    if not found:
        known = ", ".join(stack.name for stack in stacks)
        raise InputError(f"--stack {shown(name)}: there is no such stack; there are {known}")
    return found


def _in_order(stacks: Mapping[str, Stack]) -> Iterator[Stack]:
    """Yield each stack after those that it needs, otherwise as the assembly has them."""
    waiting = dict(stacks)
    while waiting:
        ready = next(one for one in waiting.values() if not waiting.keys() & set(one.after))
        yield waiting.pop(ready.name)


def _stack(name: str, artifact: dict[str, Any], artifacts: dict[str, Any]) -> Stack:
    account, region = artifact["environment"].removeprefix("aws://").split("/")
    properties = artifact["properties"]
    return Stack(
        name=name,
        place=Place(account, region),
        after=tuple(
            other
            for other in artifact.get("dependencies", ())
            if artifacts[other]["type"] == _STACK
        ),
        bootstrap_parameter=str(properties["bootstrapStackVersionSsmParameter"]),
        bootstrap_version=int(properties["requiresBootstrapStackVersion"]),
    )
