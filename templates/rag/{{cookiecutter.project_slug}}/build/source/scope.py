"""What a question may find: documents that its caller may see, and that it asks for.

Ways of searching apply a scope before they rank, so that what a caller may not see can neither be
found nor push anything out of the results.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from source.documents import Value
from source.errors import UserError

Mask = npt.NDArray[np.bool_]
# Rows with their scores, best first.
Ranked = dict[int, float]
Key = TypeVar("Key", bound=Hashable)
# Scopes whose rows are remembered: a byte for every row and scope.
REMEMBERED = 64


class UnknownFilter(UserError):
    """A filter that cannot be understood; the text says what it may be."""


@dataclass(frozen=True)
class Condition:
    """What a document's metadata must be: one of some values, or within bounds (both included)."""

    one_of: tuple[str | int | float | bool, ...] = ()
    least: float | str | None = None
    most: float | str | None = None

    def holds(self, value: Value | None) -> bool:
        """Whether a value fits; of a list of texts, one of them must."""
        if value is None:
            return False
        if isinstance(value, tuple):
            return any(self.holds(part) for part in value)
        if self.one_of:
            return any(_equal(value, wanted) for wanted in self.one_of)
        try:
            return not (
                (self.least is not None and value < self.least)  # type: ignore[operator]
                or (self.most is not None and value > self.most)  # type: ignore[operator]
            )
        except TypeError:  # a text is neither less nor more than a number
            return False


@dataclass(frozen=True, eq=False)
class Scope:
    """A caller's labels and its conditions on metadata, by name. `match` is any or all."""

    labels: frozenset[str] = frozenset()
    match: str = "any"
    conditions: Mapping[str, Condition] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scope) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @cached_property
    def _key(self) -> tuple[frozenset[str], str, tuple[str, ...]]:
        # As text: a condition of True is not that of 1, though the two are equal.
        conditions = sorted(f"{name!r} {held!r}" for name, held in self.conditions.items())
        return self.labels, self.match, tuple(conditions)

    def sees(self, labels: Iterable[str]) -> bool:
        """Whether the caller may see a document with these labels; without labels, always."""
        needed = set(labels)
        if not needed:
            return True
        return needed <= self.labels if self.match == "all" else bool(needed & self.labels)

    def admits(self, labels: Iterable[str], metadata: Mapping[str, Value]) -> bool:
        """Whether a document is within the scope."""
        return self.sees(labels) and self.fits(metadata)

    def fits(self, metadata: Mapping[str, Value]) -> bool:
        """Whether a document's metadata are as they shall be."""
        return all(
            condition.holds(metadata.get(name)) for name, condition in self.conditions.items()
        )


def scope(
    labels: Iterable[str] = (), filters: Mapping[str, Any] | None = None, *, match: str = "any"
) -> Scope:
    """The scope of a request. Raises `UnknownFilter`.

    A filter is {"name": value}, {"name": [one, of, these]} or {"name": {"min": 1, "max": 2}}.
    """
    if isinstance(labels, str):
        raise UnknownFilter(f"labels: {labels!r}; send a list of texts")
    return Scope(
        frozenset(labels),
        match,
        {str(name): _condition(str(name), given) for name, given in (filters or {}).items()},
    )


def _condition(name: str, given: Any) -> Condition:
    if isinstance(given, str | bool | int | float):
        return Condition(one_of=(given,))
    if isinstance(given, list | tuple) and given:
        if all(isinstance(value, str | bool | int | float) for value in given):
            return Condition(one_of=tuple(given))
    elif isinstance(given, Mapping) and given and set(given) <= {"min", "max"}:
        bounds = [value for value in given.values() if not isinstance(value, bool)]
        kinds = {isinstance(value, str) for value in bounds}
        if len(kinds) == 1 and all(isinstance(value, str | int | float) for value in bounds):
            return Condition(least=given.get("min"), most=given.get("max"))
    raise UnknownFilter(
        f"filters.{name}: {given!r}; use a value, a list of values, or "
        '{"min": ..., "max": ...} with numbers or texts'
    )


def _equal(value: object, wanted: object) -> bool:
    # True is no 1 here, as in every store.
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted


@dataclass(frozen=True, slots=True)
class Entry:
    """What a store knows of a chunk beside its vector."""

    id: str
    labels: tuple[str, ...] = ()
    metadata: Mapping[str, Value] = field(default_factory=dict)


class Entries:
    """Entries in their order, and which of them a scope admits.

    Labels and metadata that several entries have are kept, and asked about, once. What the latest
    scopes admit is remembered.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.ids = tuple([entry.id for entry in entries])
        labels, self._label_rows = _numbered([entry.labels for entry in entries])
        self._labels: list[tuple[str, ...]] = list(labels)
        # The chunks of a document have the same mapping. Values are not compared: True is no 1.
        kept = {id(entry.metadata): entry.metadata for entry in entries}
        numbers, self._metadata_rows = _numbered([id(entry.metadata) for entry in entries])
        self._metadata = [kept[number] for number in numbers]
        self.admitted = lru_cache(REMEMBERED)(self._admitted)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of every id."""
        return {identifier: row for row, identifier in enumerate(self.ids)}

    def __iter__(self) -> Iterator[Entry]:
        """The entries."""
        rows = zip(self.ids, self._label_rows, self._metadata_rows, strict=True)
        for identifier, labels, metadata in rows:
            yield Entry(identifier, self._labels[labels], self._metadata[metadata])

    def named(self, ranked: Ranked) -> list[tuple[str, float]]:
        """The ids of rows with their scores."""
        return [(self.ids[row], score) for row, score in ranked.items()]

    def _admitted(self, wanted: Scope) -> Mask | None:
        """True for rows within a scope, of shape (entries,); None when that is all of them."""
        seen = np.array([wanted.sees(labels) for labels in self._labels], dtype=bool)
        mask = None if seen.all() else seen[self._label_rows]
        if wanted.conditions:
            fitting = np.array([wanted.fits(one) for one in self._metadata], dtype=bool)
            if not fitting.all():
                rows = fitting[self._metadata_rows]
                mask = rows if mask is None else mask & rows
        if mask is not None:
            mask.setflags(write=False)
        return mask


def _numbered(keys: Sequence[Key]) -> tuple[Iterable[Key], npt.NDArray[np.int32]]:
    """The different keys in the order of their first row, and the number of each row's key."""
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return numbers, np.fromiter(map(numbers.__getitem__, keys), np.int32, len(keys))
