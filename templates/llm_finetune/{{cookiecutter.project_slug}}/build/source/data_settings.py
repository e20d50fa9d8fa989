"""The sections `data` and `split` of config/pipeline.yaml: reading rows and dealing them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from source.settings import require, require_split, section

SHAPES = ("auto", "messages", "prompt_completion", "instruction", "preference")
# What `data.columns` may map, by shape: our name of a field to the name of a column.
FIELDS = {
    "messages": ("messages",),
    "prompt_completion": ("prompt", "completion"),
    "instruction": ("instruction", "input", "output"),
    "preference": ("prompt", "chosen", "rejected"),
}


@dataclass(frozen=True)
class DataSettings:
    """How rows are read, and how many of them may be bad or cut before the run stops."""

    shape: str = "auto"
    columns: Mapping[str, str] = field(default_factory=dict)
    system_prompt: str | None = None
    max_bad_share: float = 0.01
    deduplicate: bool = True
    minimum_rows: int = 100
    max_truncated_share: float = 0.05

    def __post_init__(self) -> None:
        require(self.shape in SHAPES, f"data.shape: {self.shape!r}; use one of {', '.join(SHAPES)}")
        # Those of a preference always, because such pairs may come beside the rows.
        shapes = FIELDS if self.shape == "auto" else (self.shape, "preference")
        known = {"system", *(name for shape in shapes for name in FIELDS[shape])}
        unknown = sorted(set(self.columns) - known)
        require(
            not unknown,
            f"data.columns: unknown {unknown}; with shape {self.shape} map any of "
            f"{', '.join(sorted(known))} to a column of yours",
        )
        for name in ("max_bad_share", "max_truncated_share"):
            share = getattr(self, name)
            require(0 <= share < 1, f"data.{name}: {share}; use a share from 0 to below 1")
        require(self.minimum_rows >= 1, f"data.minimum_rows: {self.minimum_rows}; use 1 or more")


@dataclass(frozen=True)
class SplitSettings:
    """Shares of validation and test; a row's side is decided by a hash, so it never moves."""

    validation: float = 0.1
    test: float = 0.2
    salt: str = "1"
    group_by: str | None = None

    def __post_init__(self) -> None:
        require_split(self.validation, self.test)


def data_settings(document: Mapping[str, Any]) -> DataSettings:
    """The section `data`."""
    return section(DataSettings, "data", document.get("data"))


def split_settings(document: Mapping[str, Any]) -> SplitSettings:
    """The section `split`."""
    return section(SplitSettings, "split", document.get("split"))
