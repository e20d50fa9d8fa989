"""Reads an `aiops.toml` table by table, key by key.

Whatever is wrong is noted in the document, and reading goes on with a value of the right type, so
that one look finds everything. A document with problems never becomes a configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, TypeVar

from generator.config.document import Document, dotted
from generator.config.kinds import Kind
from generator.config.locations import Path

Choice = TypeVar("Choice", bound=str)


class Table:
    """One table. Each key is read once; `finish` notes those that nobody read."""

    def __init__(self, document: Document, path: Path, content: Mapping[str, Any]) -> None:
        self.document = document
        self.path = path
        self.content = content
        self._read: set[str] = set()

    def has(self, key: str) -> bool:
        """Whether the table has `key`."""
        return key in self.content

    def line(self, key: str) -> int:
        """Return the line of `key`."""
        return self.document.line((*self.path, key))

    def note(self, key: str, fix: str, value: object = None) -> None:
        """Keep a problem of `key`; `value` is shown unless it is None or secret."""
        self.document.note((*self.path, key), fix, value)

    def note_item(self, key: str, item: str, fix: str) -> None:
        """Keep a problem of one `item` of the list `key`."""
        self.document.note((*self.path, key, self.content[key].index(item)), fix, item)

    def note_self(self, fix: str) -> None:
        """Keep a problem of the table as a whole."""
        self.document.note(self.path, fix)

    def text(self, key: str, kind: Kind, default: str | None = None) -> str:
        """Return a text of `kind`; without `default` the key is required."""
        if (value := self._value(key)) is None:
            if default is None:
                self.note(key, f"is missing; {kind.fix}")
            return default or ""
        return self._checked(key, value, kind)

    def optional(self, key: str, kind: Kind) -> str | None:
        """Return a text of `kind`, or None when the key is absent."""
        return self.text(key, kind) if self._value(key) is not None else None

    def choice(self, key: str, choices: Sequence[Choice], default: Choice | None = None) -> Choice:
        """Return one of `choices`; without `default` the key is required."""
        value = self._value(key)
        options = " or ".join(f'"{choice}"' for choice in choices)
        if value is None:
            if default is None:
                self.note(key, f"is missing; write {options}")
        elif value in choices:
            return choices[choices.index(value)]
        else:
            near = get_close_matches(str(value), choices, 1) if isinstance(value, str) else []
            guess = f'; did you mean "{near[0]}"?' if near else ""
            self.note(key, f"write {options}{guess}", value)
        return default if default is not None else choices[0]

    def whole(self, key: str, low: int, high: int, default: int) -> int:
        """Return a whole number from `low` to `high`."""
        value = self._value(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.note(key, f"write a whole number from {low} to {high}", value)
            return default
        return value

    def number(self, key: str, low: float, high: float, default: float) -> float:
        """Return a number from `low` to `high`."""
        value = self._value(key)
        if value is None:
            return default
        right = isinstance(value, int | float) and not isinstance(value, bool)
        if not right or not low <= value <= high:
            self.note(key, f"write a number from {low} to {high}", value)
            return default
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self._value(key)
        if value is not None and not isinstance(value, bool):
            self.note(key, "write true or false, without quotes", value)
        return value if isinstance(value, bool) else default

    def texts(self, key: str, kind: Kind, at_most: int | None = None) -> tuple[str, ...]:
        """Return a list of different texts of `kind`; empty when the key is absent."""
        value = self._value(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.note(key, 'write a list: ["...", "..."]', value)
            return ()
        found: list[str] = []
        for position, item in enumerate(value):
            path: Path = (*self.path, key, position)
            if not isinstance(item, str) or not kind.admits(item):
                self.document.note(path, _type_fix(item) or kind.fix, item)
            elif item in found:
                self.document.note(path, "is listed twice; remove one", item)
            else:
                found.append(item)
        if at_most is not None and len(value) > at_most:
            self.note(key, f"has {len(value)} entries; at most {at_most} are possible")
        return tuple(found)

    def table(self, key: str) -> Table:
        """Return the table of that name; an empty one when it is absent or no table."""
        value = self._value(key)
        if value is not None and not isinstance(value, dict):
            self.note(
                key, f"is not a table; write [{dotted((*self.path, key))}] and its keys below"
            )
        return Table(self.document, (*self.path, key), value if isinstance(value, dict) else {})

    def tables(self, kind: Kind) -> Iterator[tuple[str, Table]]:
        """Yield (name, table) for every key, each of which must be `kind` and name a table."""
        for key in self._names(kind):
            yield key, self.table(key)

    def pairs(self, keys: Kind, values: Kind) -> dict[str, str]:
        """Return every key with its text."""
        return {key: self.text(key, values) for key in self._names(keys)}

    def finish(self, hints: Mapping[str, str] = MappingProxyType({})) -> None:
        """Note every key that was not read: with its hint, or the nearest key there is."""
        known = sorted(self._read)
        for key in self.content:
            if key not in self._read:
                near = get_close_matches(key, known, 1, 0.6)
                near = near or [name for name in known if key.startswith(name)]
                others = f"known are {', '.join(known)}" if known else "remove it"
                guess = f"did you mean {near[0]}?" if near else others
                self.note(key, hints.get(key) or f"is not a known key; {guess}")

    def _names(self, kind: Kind) -> Iterator[str]:
        for key in self.content:
            if kind.admits(key):
                yield key
            else:
                self._read.add(key)
                self.note(key, kind.fix)

    def _value(self, key: str) -> Any:
        self._read.add(key)
        return self.content.get(key)

    def _checked(self, key: str, value: object, kind: Kind) -> str:
        if isinstance(value, str) and kind.admits(value):
            return value
        self.note(key, _type_fix(value) or kind.fix, None if kind.hidden else value)
        return ""


def _type_fix(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "write it in quotes"
    return None if isinstance(value, str) else "write a text in quotes"
