"""Writes the sample that the configuration asks for and that is not there yet.

Other data is the person's own: where that is missing, compiling says so.
"""

import importlib
import sys
from pathlib import Path

from mlops.local.freshness import configured_texts


def write_when_needed(root: Path) -> bool:
    """Whether something of the repository's sample was missing and has been written.

    `source.data` names what it can write, its `SAMPLES`.
    """
    missing = {Path(text).as_posix() for text in configured_texts(root) if _is_absent(root, text)}
    if not missing:
        return False
    data = importlib.import_module("source.data")
    if not missing.intersection(Path(sample).as_posix() for sample in data.SAMPLES):
        return False
    data.main(["sample"])
    return True


def _is_absent(root: Path, text: str) -> bool:
    """Whether the text looks like a path, with a slash in it, and nothing is there."""
    return "/" in text and not (root / text).exists()


if __name__ == "__main__":
    write_when_needed(Path.cwd())
    sys.exit(0)
