"""Deals conversations to train, validation and test by a hash of their prompt.

A row's side depends on its own prompt (or group) and the salt alone, not on the order of rows nor
on which others there are: when the data grows, no row that an earlier model was trained on turns
up in a later test. Case, punctuation and spacing do not count, so copies that differ in nothing
else stay together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from source.data_settings import SplitSettings
from source.dedup import plain_text
from source.errors import UserError
from source.near_duplicates import normalised, resembling
from source.rows import Message, Preference, Row

SIDES = ("train", "validation", "test")
# Fewer rows on a side cannot say anything; an empty one would end a later step without a reason.
MINIMUM_SIDE = 5


class SplitError(UserError):
    """A side of the split is left with too few rows; the text says which and what to change."""


@dataclass(frozen=True)
class Split:
    """The rows of each side, and what was found when the sides were compared.

    `overlapping` rows were left out of train and validation because a later side has the same
    prompt, which happens only when rows are split by group. `near` counts test rows that much
    resemble a row of train.
    """

    train: tuple[Row, ...]
    validation: tuple[Row, ...]
    test: tuple[Row, ...]
    overlapping: int
    near: int

    def items(self) -> list[tuple[str, tuple[Row, ...]]]:
        """(name, rows) of the sides."""
        return [("train", self.train), ("validation", self.validation), ("test", self.test)]


@dataclass(frozen=True)
class PreferenceSplit:
    """Preferences to learn from; those whose prompt belongs to the test split are left out."""

    train: tuple[Preference, ...]
    validation: tuple[Preference, ...]
    left_out: int


def split_rows(rows: Sequence[Row], settings: SplitSettings) -> Split:
    """Each row goes to one side. Raises `SplitError` when a side is too small."""
    sides: dict[str, list[Row]] = {name: [] for name in SIDES}
    for row in rows:
        sides[side_of(row.prompt, row.group, settings)].append(row)
    test_prompts = {prompt_key(row.prompt) for row in sides["test"]}
    validation = [row for row in sides["validation"] if prompt_key(row.prompt) not in test_prompts]
    later = test_prompts | {prompt_key(row.prompt) for row in validation}
    train = [row for row in sides["train"] if prompt_key(row.prompt) not in later]
    overlapping = len(rows) - len(train) - len(validation) - len(sides["test"])
    counts = {"train": len(train), "validation": len(validation), "test": len(sides["test"])}
    for name, count in counts.items():
        if count < MINIMUM_SIDE:
            by = settings.group_by or "prompt"
            raise SplitError(
                f"split by {by}: {name} gets {count} of {len(rows)} rows, {MINIMUM_SIDE} are "
                f"needed; bring more rows, or change split.{'salt' if name == 'train' else name}"
            )
    near = resembling(list(map(plain_text, sides["test"])), list(map(plain_text, train)))
    return Split(tuple(train), tuple(validation), tuple(sides["test"]), overlapping, len(near))


def split_preferences(
    preferences: Sequence[Preference], settings: SplitSettings, split: Split
) -> PreferenceSplit:
    """Deal preferences as the rows were dealt, so that nothing of the test is learnt from."""
    test_prompts = {prompt_key(row.prompt) for row in split.test}
    train: list[Preference] = []
    validation: list[Preference] = []
    for preference in preferences:
        side = side_of(preference.prompt, preference.group, settings)
        if side == "test" or prompt_key(preference.prompt) in test_prompts:
            continue
        (validation if side == "validation" else train).append(preference)
    left_out = len(preferences) - len(train) - len(validation)
    return PreferenceSplit(tuple(train), tuple(validation), left_out)


def side_of(prompt: Sequence[Message], group: str | None, settings: SplitSettings) -> str:
    """The side of a prompt, or of its group."""
    unit = prompt_key(prompt) if group is None else group
    hashed = hashlib.sha256(f"{settings.salt}\0{unit}".encode()).digest()
    place = int.from_bytes(hashed[:8], "big") / 2.0**64
    if place < settings.test:
        return "test"
    return "validation" if place < settings.test + settings.validation else "train"


def prompt_key(prompt: Sequence[Message]) -> str:
    """What prompts that ask the same have in common. The system prompt is left out: it is one
    setting for all rows, and editing it must not deal them anew."""
    return "\n".join(
        f"{turn.role}: {normalised(turn.content)}" for turn in prompt if turn.role != "system"
    )
