"""Finds out how a text column writes its dates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from source import problems
from source.decision import CLEAR_MAJORITY, Decision, examples, majority
from source.schema import Column, Kind

DIGIT = r"\d"
PROBES = 50
# ISO 8601 comes first; these are tried in order for texts that look otherwise.
DATE_FORMATS = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%d %b %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
)


def as_dates(name: str, texts: pd.Series[Any], required: float = CLEAR_MAJORITY) -> Decision | None:
    """The decision for a column of dates, None when it holds something else."""
    if texts.str.contains(DIGIT).mean() < required:
        return None
    # Most formats are ruled out by a few values already.
    few = texts.drop_duplicates()[:PROBES]
    fitting: list[Decision] = []
    for date_format in (None, *DATE_FORMATS):
        column = Column(name, Kind.DATE, date_format=date_format)
        if column.parse(few).bad.mean() > 0.5:
            continue
        decision = majority(column, texts, required)
        if decision is not None:
            fitting.append(decision)
            if date_format is None:
                break
    if not fitting:
        return None
    # The format that reads most values; the first of equals.
    best = min(fitting, key=lambda decision: len(_strays(decision)))
    rivals = [
        decision.column.date_format
        for decision in fitting
        if decision.column is not None
        and decision is not best
        and len(_strays(decision)) == len(_strays(best))
    ]
    if best.column is None or not rivals:
        return best
    note = problems.warning(
        "ambiguous_dates",
        f"column {name!r}: {best.column.date_format} and {rivals[0]} both fit every date, such as "
        f"{examples(texts)}; read as {best.column.date_format}",
        f"set data.kinds: {{{name}: 'date:{rivals[0]}'}} if that is what is meant",
        name,
    )
    return Decision(best.column, problems=(*best.problems, note))


def _strays(decision: Decision) -> Sequence[str]:
    return decision.column.also_missing if decision.column is not None else ()
