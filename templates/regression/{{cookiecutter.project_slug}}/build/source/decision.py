"""What is decided about one column, and the rule that most of its values must bear it out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from source import problems
from source.problems import Problem
from source.schema import Column, Kind, show

# A text column is numeric (or dates) when at least this share of its values reads as such. The
# rest are slips of the pen, read as missing and reported.
CLEAR_MAJORITY = 0.95


@dataclass(frozen=True)
class Decision:
    """What a column holds, or why it is no feature, and what a person should know about it."""

    column: Column | None
    reason: str | None = None
    problems: tuple[Problem, ...] = ()


def majority(
    column: Column, present: pd.Series[Any], required: float = CLEAR_MAJORITY
) -> Decision | None:
    """The column with its stray texts read as missing, None when too many do not fit."""
    bad = column.parse(present).bad
    share = 1 - bad.mean()
    if share < required:
        return None
    if not bad.any():
        return numeric(column, present) if column.kind is Kind.NUMERIC else Decision(column)
    strays = tuple(sorted({str(value).strip() for value in present[bad]}))
    note = problems.warning(
        "stray_values",
        f"column {column.name!r} is {column.kind.value} but for {int(bad.sum())} values, such as "
        f"{examples(present[bad])}; they are read as missing",
        f"correct them at the source, or set data.kinds: {{{column.name}: categorical}}",
        column.name,
    )
    return Decision(replace(column, also_missing=strays), problems=(note,))


def numeric(column: Column, present: pd.Series[Any]) -> Decision:
    """A column of numbers; infinite ones are reported."""
    values = column.parse(present).values.to_numpy(dtype="float64")
    infinite = int(np.isinf(values).sum())
    if not infinite:
        return Decision(column)
    note = problems.warning(
        "infinite_values",
        f"column {column.name!r} holds {infinite} infinite values; they are read as missing",
        "find the division by zero or overflow that makes them",
        column.name,
    )
    return Decision(column, problems=(note,))


def examples(values: pd.Series[Any], count: int = 3) -> str:
    """The first few different values, as a message quotes them."""
    return ", ".join(show(value) for value in list(dict.fromkeys(values))[:count])
