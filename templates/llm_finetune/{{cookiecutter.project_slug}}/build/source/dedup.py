"""Finds rows that say the same: exact copies by their hash, near ones by shared word triples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from source.near_duplicates import resembling
from source.rows import Row


@dataclass(frozen=True)
class Duplicates:
    """Positions of the rows to keep, and how many were left out or are much alike.

    `near` counts rows of those kept that resemble an earlier one; `conflicting` those whose prompt
    an earlier row answers otherwise.
    """

    kept: tuple[int, ...]
    exact: int
    near: int
    conflicting: int


def find_duplicates(rows: Sequence[Row], *, remove: bool) -> Duplicates:
    """Exact copies are left out when `remove` is set, the first one stays."""
    seen: set[str] = set()
    kept, exact = [], 0
    for position, row in enumerate(rows):
        if row.id in seen:
            exact += 1
            if remove:
                continue
        seen.add(row.id)
        kept.append(position)
    prompts: dict[tuple[object, ...], str] = {}
    conflicting = sum(
        prompts.setdefault(rows[position].prompt, rows[position].answer) != rows[position].answer
        for position in kept
    )
    near = len(resembling([plain_text(rows[position]) for position in kept]))
    return Duplicates(tuple(kept), exact, near, conflicting)


def plain_text(row: Row) -> str:
    """The words of a row, without its system prompt."""
    return " ".join(message.content for message in row.messages if message.role != "system")
