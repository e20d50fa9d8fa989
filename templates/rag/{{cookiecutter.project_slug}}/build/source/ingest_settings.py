"""The section `data` of config/pipeline.yaml: which documents there are, and who may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from source.settings import require, section

FORMATS = ("text", "markdown", "html", "pdf", "docx", "csv", "parquet")
LABEL_RULES = "null, folder (the first folder of its path) or metadata:<name>"


@dataclass(frozen=True)
class DataSettings:
    """How documents are read, and what may be wrong with them before the run stops.

    The columns are those of CSV and Parquet rows, each of which is a document; without
    `text_column` a row's text is all of its columns. `languages` keeps documents in these (codes of
    ISO 639-1) and leaves out others; empty keeps all.
    """

    formats: tuple[str, ...] = FORMATS
    text_column: str | None = None
    id_column: str | None = None
    title_column: str | None = None
    metadata_columns: tuple[str, ...] = ()
    label_rule: str | None = None
    max_broken_share: float = 0.02
    near_duplicate_threshold: float = 0.9
    languages: tuple[str, ...] = ()
    minimum_documents: int = 1

    def __post_init__(self) -> None:
        unknown = sorted(set(self.formats) - set(FORMATS))
        require(not unknown, f"data.formats: unknown {unknown}; use any of {', '.join(FORMATS)}")
        require(bool(self.formats), f"data.formats: empty; use any of {', '.join(FORMATS)}")
        rule = self.label_rule
        require(
            rule is None or rule == "folder" or bool(self.label_attribute),
            f"data.label_rule: {rule!r}; use {LABEL_RULES}",
        )
        share = self.max_broken_share
        require(0 <= share < 1, f"data.max_broken_share: {share}; use a share from 0 to below 1")
        near = self.near_duplicate_threshold
        require(0 < near <= 1, f"data.near_duplicate_threshold: {near}; use above 0, at most 1")
        for code in self.languages:
            require(
                len(code) == 2 and code.islower(),
                f"data.languages: {code!r}; use two-letter codes such as en",
            )
        require(
            self.minimum_documents >= 1,
            f"data.minimum_documents: {self.minimum_documents}; use 1 or more",
        )

    @property
    def label_attribute(self) -> str | None:
        """The metadata that holds the labels, when the rule names one."""
        rule = self.label_rule or ""
        return rule.removeprefix("metadata:") or None if rule.startswith("metadata:") else None


def data_settings(document: Mapping[str, Any]) -> DataSettings:
    """The section `data`; where the documents come from is the pipeline's business."""
    values = dict(document.get("data") or {})
    for key in ("source", "query"):
        values.pop(key, None)
    return section(DataSettings, "data", values)
