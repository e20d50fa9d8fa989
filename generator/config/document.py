"""A TOML text with the line of every key, which gathers what is wrong with it."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from generator.config.errors import ConfigError, Problem
from generator.config.locations import Path, locate
from generator.config.secrecy import secret_in, secrets_in
from generator.errors import shown

_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Document:
    """A TOML text: its content, the lines of its keys, and the problems found so far."""

    def __init__(self, file: str, text: str) -> None:
        """Raise ConfigError when `text` is not TOML; `file` is how messages call it."""
        self.file = file
        self.problems = [
            Problem(
                line,
                None,
                None,
                f"this looks like {kind}: put it into AWS Secrets Manager and write only the"
                " secret's ARN here; revoke it, as others may have read this file",
            )
            for line, kind in secrets_in(text)
        ]
        text = text.replace("\r\n", "\n")
        try:
            self.content: dict[str, Any] = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            self.problems.append(_syntax(text, error))
            raise ConfigError(file, self.problems) from None
        self._lines = locate(text)

    def line(self, path: Path) -> int:
        """Return the line of the key at `path`, or of what is above it when it is missing."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def note(self, path: Path, fix: str, value: object = None) -> None:
        """Keep a problem of the key at `path`."""
        printed = None if value is None else _printable(value)
        self.problems.append(Problem(self.line(path), dotted(path), printed, fix))

    def refuse(self) -> None:
        """Raise ConfigError if there are problems."""
        if self.problems:
            raise ConfigError(self.file, self.problems)


def dotted(path: Path) -> str:
    """Return a key as TOML writes it; an item of a list by its position from 1."""
    text = ""
    for name in path:
        if isinstance(name, int):
            text += f"[{name + 1}]"
        else:
            quoted = name if _BARE.fullmatch(name) else _quoted(name)
            text += f".{quoted}" if text else quoted
    return text


def _quoted(name: str) -> str:
    return "(not shown)" if secret_in(name) else f'"{shown(name, 100)[1:-1]}"'


def _printable(value: object) -> str | None:
    """Return `value` as a message may show it; None when it may be a secret."""
    if secret_in(str(value)):
        return None
    return str(value).lower() if isinstance(value, bool) else shown(value, 100)


def _syntax(text: str, error: Exception) -> Problem:
    if isinstance(error, RecursionError):
        return Problem(1, None, None, "this is not TOML that can be read: it is nested too deeply")
    what, _, where = str(error).partition(" (at ")
    found = re.search(r"line (\d+), column (\d+)", where)
    line = int(found[1]) if found else text.count("\n") + 1
    column = f" in column {found[2]}" if found else " at the end"
    return Problem(line, None, None, f"this is not TOML{column}: {what}")
