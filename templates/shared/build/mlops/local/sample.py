"""Writes the sample data when the configuration asks for it and it is not there yet.

Other data is the person's own: where that is missing, compiling says so.
"""

import importlib
import sys
from pathlib import Path

from mlops.local.freshness import configured_texts

_TABLES = {".csv", ".parquet", ".json", ".jsonl"}


def write_when_needed(root: Path) -> bool:
    """Whether the repository's sample was missing and has been written."""
    missing = {
        text
        for text in configured_texts(root)
        if Path(text).suffix in _TABLES and not (root / text).exists()
    }
    if not missing:
        return False
    data = importlib.import_module("source.data")
    if Path(data.SAMPLE).as_posix() not in missing:
        return False
    data.main(["sample"])
    return True


if __name__ == "__main__":
    write_when_needed(Path.cwd())
    sys.exit(0)
