"""Derives the workflows of a monorepo from those of the separate repositories, their one home.

GitHub reads workflows from the root of a repository only. So those of `build/` and `deploy/` stand
there side by side, and each learns its folder: where its commands run, which paths start it, where
its files are. What would make two of them collide, a name, gets the folder in front.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

SHARED = Path(__file__).resolve().parents[1] / "templates" / "shared"
WORKFLOWS = SHARED / "monorepo" / ".github" / "workflows"
ROLES = ("build", "deploy")
# Triggers that a changed file pulls; the others are pulled by people and by other workflows.
OF_CHANGES = ("pull_request", "push")
# Each names places in the repository, and no workflow has it yet: it would be left as it is.
UNKNOWN = {
    "cache-dependency-path",
    "node-version-file",
    "paths-ignore",
    "python-version-file",
    "working-directory",
}


class Underivable(Exception):
    """A workflow has something whose place in a monorepo is not known here."""


class Edit(NamedTuple):
    """The characters from `start` to `end` of a workflow become `text`."""

    start: int
    end: int
    text: str


def sources() -> dict[str, dict[str, str]]:
    """Return the text of each workflow of the separate repositories: role -> file -> text."""
    return {
        role: {
            file.name: file.read_text(encoding="utf-8")
            for file in sorted((SHARED / role / ".github" / "workflows").iterdir())
        }
        for role in ROLES
    }


def derived(given: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the text of each workflow of the monorepo by its file's name.

    given: those of the separate repositories, role -> file -> text. Raises Underivable.
    """
    both = frozenset.intersection(*(frozenset(files) for files in given.values()))
    return {
        (place := _Place(role, both)).name_of(name): place.move(name, text)
        for role, files in given.items()
        for name, text in files.items()
    }


@dataclass(frozen=True)
class _Place:
    """The folder of `role` in a monorepo. both: files that both roles have by that name."""

    role: str
    both: frozenset[str]

    def name_of(self, file: str) -> str:
        """Return what the workflow `file` of this role is called among those of both."""
        return f"{self.role}-{file}" if file in self.both else file

    def move(self, file: str, text: str) -> str:
        """Return the text of the workflow `file` as it stands in a monorepo."""
        tree = yaml.compose(text, Loader=yaml.BaseLoader)
        # From the last to the first: what stands before an edit stays where it is.
        for edit in sorted(self._edits(file, tree, text), reverse=True):
            text = text[: edit.start] + edit.text + text[edit.end :]
        return text

    def _edits(self, file: str, tree: yaml.Node | None, text: str) -> Iterator[Edit]:
        for key, _ in _members_below(tree):
            if key.value in UNKNOWN:
                raise Underivable(f"{self.role}/{file} has {key.value}: teach {__name__} about it")
        if file in self.both:
            yield self._renamed(_at(tree, "name"))
            yield _before(_at(tree, "concurrency", "group"), f"{self.role}-")
        yield from self._triggers(file, tree)
        yield _after(_at(tree, "defaults", "run", "shell"), f"\n    working-directory: {self.role}")
        for key, value in _members_below(_at(tree, "jobs")):
            if isinstance(value, yaml.ScalarNode):
                start, end = value.start_mark.index, value.end_mark.index
                yield Edit(start, end, self._moved(key.value, text[start:end]))

    def _renamed(self, name: yaml.Node) -> Edit:
        text = f"{self.role.capitalize()} {str(name.value).lower()}"
        return Edit(name.start_mark.index, name.end_mark.index, text)

    def _triggers(self, file: str, tree: yaml.Node | None) -> Iterator[Edit]:
        """Let only what is in this folder, and the workflow itself, start it."""
        for key, value in _members(_at(tree, "on")):
            if key.value not in OF_CHANGES:
                continue
            if isinstance(value, yaml.ScalarNode):
                own = (f".github/workflows/{self.name_of(file)}", f"{self.role}/**")
                paths = "".join(f"\n      - {path}" for path in own)
                yield Edit(key.end_mark.index, value.end_mark.index, f":\n    paths:{paths}")
                continue
            for path in _items(_at(value, "paths")):
                if path.value == f".github/workflows/{file}":
                    yield Edit(
                        path.start_mark.index,
                        path.end_mark.index,
                        f".github/workflows/{self.name_of(file)}",
                    )
                else:
                    yield _before(path, f"{self.role}/")

    def _moved(self, key: str, text: str) -> str:
        """Return a value of a job as it must be where commands run in this folder.

        `uses`, `path` and `hashFiles` start from the root of the repository, `run` in the folder.
        """
        if key == "uses" and text.startswith("./.github/workflows/"):
            return f"./.github/workflows/{self.name_of(text.rpartition('/')[2])}"
        if key == "run":
            return re.sub(r"(?<![\w/])\.github/", "../.github/", text)
        if key == "path":
            return re.sub(r"^(\s*)(?=[\w.])", rf"\g<1>{self.role}/", text, flags=re.MULTILINE)
        return re.sub(
            r"(?<=hashFiles\()[^)]*",
            lambda files: re.sub(r"'([^']*)'", rf"'{self.role}/\1'", files[0]),
            text,
        )


def _at(node: yaml.Node | None, *path: str) -> yaml.Node:
    for name in path:
        found = [value for key, value in _members(node) if key.value == name]
        if not found:
            raise Underivable(f"there is no {'.'.join(path)} where one is expected")
        node = found[0]
    assert node is not None
    return node


def _members(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _items(node: yaml.Node) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _members_below(node: yaml.Node | None) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Yield (key, value) of each mapping at or below `node`."""
    for key, value in _members(node):
        yield key, value
        yield from _members_below(value)
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _members_below(item)


def _before(node: yaml.Node, text: str) -> Edit:
    return Edit(node.start_mark.index, node.start_mark.index, text)


def _after(node: yaml.Node, text: str) -> Edit:
    return Edit(node.end_mark.index, node.end_mark.index, text)
