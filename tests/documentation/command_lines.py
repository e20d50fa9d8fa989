"""Prints the options of a rendered repository's commands as JSON: {command: [option, ...]}.

    python command_lines.py mlops|operations     (in the repository's root)

It asks the real argument parsers. A library that is not installed here is replaced by a mock, so
that the documentation can be checked without the repository's own environment.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock


class Mocks(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands last among the finders: what the repository's code imports in vain is a mock."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        first = name.split(".")[0]
        if Path(first).is_dir() or not (_asked_by_the_repository() or first in self._mocked):
            return None
        self._mocked.add(first)
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def __init__(self) -> None:
        self._mocked: set[str] = set()

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Any:
        return MagicMock(name=spec.name, __path__=[], __spec__=spec, __name__=spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def _asked_by_the_repository() -> bool:
    """Whether the import statement stands in the repository: libraries do without theirs."""
    frame = sys._getframe(1)
    while frame.f_back and re.search(r"importlib|command_lines", frame.f_code.co_filename):
        frame = frame.f_back
    return Path(frame.f_code.co_filename).resolve().is_relative_to(Path.cwd())


class Asked(Exception):
    """The parser that a command was about to read its arguments with."""


def parser_of(module: str) -> argparse.ArgumentParser:
    """The parser that `main` of a module builds."""

    def caught(self: argparse.ArgumentParser, *_: object, **__: object) -> None:
        raise Asked(self)

    argparse.ArgumentParser.parse_args = caught  # type: ignore[assignment, method-assign]
    try:
        importlib.import_module(module).main([])
    except Asked as asked:
        return asked.args[0]
    raise SystemExit(f"{module}.main reads no arguments")


def lines(name: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, list[str]]]:
    """(command, its options and operands) for a parser and everything below it."""
    given: list[str] = []
    below: list[tuple[str, argparse.ArgumentParser]] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            below += [(f"{name} {word}".strip(), sub) for word, sub in action.choices.items()]
        elif not isinstance(action, argparse._HelpAction):
            given += action.option_strings or [str(action.metavar or action.dest)]
    yield name, given
    for word, sub in below:
        yield from lines(word, sub)


def main() -> None:
    sys.path.insert(0, "")
    sys.meta_path.append(Mocks())
    found: dict[str, list[str]] = {}
    if sys.argv[1] == "operations":
        found.update(lines("", parser_of("operations.__main__")))
        del found[""]
    else:
        commands = importlib.import_module("mlops.__main__").COMMANDS
        for name, command in commands.items():
            found.update(lines(name, parser_of(command.module)))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
