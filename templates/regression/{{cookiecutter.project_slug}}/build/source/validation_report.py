"""What a validation found: for people as text, for machines as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from source import parsing
from source.problems import Problem, errors_first, only_errors
from source.schema import Column


@dataclass(frozen=True)
class ColumnSummary:
    """One column of the validation report; `missing` counts values."""

    name: str
    role: str
    kind: str | None
    missing: int
    distinct: int


@dataclass(frozen=True)
class ValidationReport:
    """What was read, what was found, and whether training may go on."""

    rows_read: int
    rows_without_target: int
    rows_kept: int
    files: tuple[str, ...]
    columns: tuple[ColumnSummary, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that end the run."""
        return only_errors(self.problems)

    @property
    def passed(self) -> bool:
        """Whether there is no error."""
        return not self.errors

    def save(self, path: Path) -> None:
        """Write the report as JSON."""
        document = {"passed": self.passed, **asdict(self)}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def text(self) -> str:
        """The report as a person reads it on a terminal: errors first."""
        head = (
            f"{self.rows_read} rows in {len(self.files)} file(s), {self.rows_without_target} "
            f"without target, {self.rows_kept} kept"
        )
        return "\n".join([head, *map(str, errors_first(self.problems))])


def summarise(
    kept: pd.DataFrame, target: str, columns: Sequence[Column], ignored: Mapping[str, str]
) -> tuple[ColumnSummary, ...]:
    """The role and content of every column of the rows that were kept."""
    kind_of = {column.name: column.kind.value for column in columns}
    summaries = []
    for name in kept.columns:
        role = "target" if name == target else "feature" if name in kind_of else "left out"
        if name in ignored:
            role = f"left out: {ignored[name]}"
        missing = parsing.missing_mask(kept[name])
        distinct = kept[name][~missing].map(str).nunique()
        summaries.append(
            ColumnSummary(str(name), role, kind_of.get(name), int(missing.sum()), int(distinct))
        )
    return tuple(summaries)
