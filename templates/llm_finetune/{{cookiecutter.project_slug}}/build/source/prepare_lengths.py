"""How long rows are, in tokens, and which of them do not fit into what the model is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from source.reading import BadRow
from source.rows import Row
from source.rows_shapes import Conversations
from source.tokens import ChatTokenizer, Length


@dataclass(frozen=True)
class Measured:
    """Rows with their lengths; the prompts of all of them leave room for an answer."""

    rows: tuple[Row, ...]
    lengths: tuple[Length, ...]
    bad: tuple[BadRow, ...]


@dataclass(frozen=True)
class Spread:
    """Where the values of a count of tokens lie."""

    mean: float
    median: int
    p95: int
    p99: int
    largest: int


def measure(found: Conversations, tokenizer: ChatTokenizer, max_length: int) -> Measured:
    """Count tokens; a prompt that fills `max_length`, or that the template refuses, is bad."""
    rows: list[Row] = []
    lengths: list[Length] = []
    bad: list[BadRow] = []
    counted = tokenizer.lengths(found.rows)
    for row, length, (file, number) in zip(found.rows, counted, found.places, strict=True):
        if isinstance(length, str):
            bad.append(BadRow(file, number, length))
        elif length.prompt >= max_length:
            bad.append(
                BadRow(
                    file,
                    number,
                    f"the prompt has {length.prompt} tokens, which leaves no room for an answer "
                    f"within model.max_length {max_length}",
                )
            )
        else:
            rows.append(row)
            lengths.append(length)
    return Measured(tuple(rows), tuple(lengths), tuple(bad))


def truncated(lengths: Sequence[Length], max_length: int) -> int:
    """How many rows are longer than `max_length`: training does not see the end of their answer."""
    return sum(length.total > max_length for length in lengths)


def spread(values: Sequence[int]) -> Spread:
    """The spread of at least one value."""
    median, p95, p99 = np.quantile(values, [0.5, 0.95, 0.99], method="higher")
    return Spread(float(np.mean(values)), int(median), int(p95), int(p99), int(max(values)))
