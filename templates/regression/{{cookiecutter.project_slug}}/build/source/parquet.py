"""Reads what Prepare wrote."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from source.exits import StepFailed


def read_channel(directory: Path) -> pd.DataFrame:
    """All Parquet files of a folder, in order of their names. Raises `StepFailed`."""
    files = sorted(directory.glob("*.parquet"))
    if not files:
        raise StepFailed(f"{directory}: there is no Parquet file; run Prepare first")
    return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
