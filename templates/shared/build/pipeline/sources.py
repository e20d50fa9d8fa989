"""Addresses of data in `config/pipeline.yaml`: in this repository, in S3, or in the catalog."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

ATHENA = re.compile(r"athena://(?P<database>\w+)/(?P<table>\w+)", re.ASCII)
S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/\S+")

SourceKind = Literal["file", "s3", "athena"]


def source_kind(source: str) -> SourceKind:
    """How the data reaches the Prepare step."""
    if source.startswith("s3://"):
        return "s3"
    return "athena" if source.startswith("athena://") else "file"


def check_source(source: str, suffixes: Sequence[str], *, folders: bool = False) -> str:
    """The source as given; raises `ValueError` with the fix when it is no address.

    `suffixes` are those of files, such as `.csv`. With `folders`, a path may also name a folder of
    this repository.
    """
    kind = source_kind(source)
    if kind == "athena" and not ATHENA.fullmatch(source):
        raise ValueError("write athena://database/table")
    if kind == "s3" and not S3.fullmatch(source):
        raise ValueError("write s3://bucket/key")
    if kind == "file":
        suffix = Path(source).suffix
        if "://" in source or suffix not in (("", *suffixes) if folders else suffixes):
            *most, last = suffixes
            named = f"{', '.join(most)} or {last}" if most else last
            what = f"a folder, a {named} file" if folders else f"a {named} file"
            raise ValueError(f"use {what}, s3://bucket/key or athena://database/table")
        if Path(source).is_absolute() or ".." in Path(source).parts or not Path(source).parts:
            example = "corpus/" if folders else f"data/rows{suffixes[0]}"
            raise ValueError(f"use a path inside the repository, such as {example}")
    return source


def athena_table(source: str) -> tuple[str, str]:
    """Database and table of an athena:// source."""
    match = ATHENA.fullmatch(source)
    if match is None:
        raise ValueError(f"{source!r} is not an athena:// source")
    return match["database"], match["table"]
