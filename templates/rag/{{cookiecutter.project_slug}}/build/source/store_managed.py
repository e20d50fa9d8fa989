"""What stores outside of the package have in common: how they tell callers apart, and a record.

A caller's scope is turned into the sets of labels that it may see. There are few different sets in
a corpus, so every store can filter by them, whatever its query language can do with lists.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from source.errors import UserError
from source.scope import Entry, Scope
from source.stores import StoreUnusable

FILE_NAME = "managed.json"
LABEL_SET = "label_set"


@dataclass(frozen=True)
class Record:
    """What a package knows of its managed store: its name there, and what was put into it."""

    store: str
    name: str
    dimension: int
    count: int
    label_sets: tuple[tuple[str, ...], ...]

    def added(self, entries: Iterable[Entry]) -> Record:
        """The record after entries were added."""
        found = list(entries)
        sets = {*self.label_sets, *(entry.labels for entry in found)}
        return Record(
            self.store, self.name, self.dimension, self.count + len(found), tuple(sorted(sets))
        )

    def removed(self, count: int) -> Record:
        """The record after entries were removed."""
        return Record(
            self.store, self.name, self.dimension, max(self.count - count, 0), self.label_sets
        )

    def admitted(self, scope: Scope) -> list[str]:
        """The names of the label sets that a scope may see."""
        return [set_name(labels) for labels in self.label_sets if scope.sees(labels)]

    def write(self, folder: Path) -> None:
        """Write the record."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.__dict__, indent=2, ensure_ascii=False)
        (folder / FILE_NAME).write_text(text + "\n", encoding="utf-8")


def read_record(folder: Path | None, store: str, name: str, dimension: int) -> Record:
    """The record in a folder; a new one without a folder. Raises `StoreUnusable`."""
    if folder is None:
        return Record(store, name, dimension, 0, ())
    path = folder / FILE_NAME
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        sets = tuple(tuple(labels) for labels in fields.pop("label_sets"))
        record = Record(**fields, label_sets=sets)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreUnusable(f"{path}: {error!r}; build the index again") from error
    if (record.store, record.name, record.dimension) != (store, name, dimension):
        raise StoreUnusable(
            f"{path}: the vectors are in {record.store} {record.name} with {record.dimension} "
            f"numbers, where {store} {name} with {dimension} is expected; build the index again"
        )
    return record


def set_name(labels: Sequence[str]) -> str:
    """One text for a set of labels."""
    return json.dumps(sorted(labels), ensure_ascii=False)


class UnsupportedFilter(UserError):
    """A filter that the configured store cannot apply; the text says which."""
