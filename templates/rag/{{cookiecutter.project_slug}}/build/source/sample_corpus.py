"""Writes the sample corpus: what Python says about its own language, from the interpreter itself.

CPython carries the topics of its `help()` as texts: parts of the Python documentation, copyright
Python Software Foundation, under the PSF License Version 2.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path("corpus")
LICENCE = """\
# The sample corpus

The files of this folder are the topics of `help()` in Python {version}, as the interpreter carries
them in `pydoc_data.topics`: parts of the Python documentation.

Copyright (c) 2001 Python Software Foundation; all rights reserved. Used under the Python Software
Foundation License Version 2, https://docs.python.org/3/license.html.

Written by `python -m source.sample_corpus`. Put your own documents elsewhere, and name the place in
config/pipeline.yaml under `data.source`.
"""


def write_sample(folder: Path = FOLDER) -> Path:
    """Write a text file for every topic, and where they are from; the same bytes every time."""
    from pydoc_data.topics import topics

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in sorted(topics.items()):
        (folder / f"{name}.txt").write_text(text.strip("\n") + "\n", "utf-8", newline="\n")
    version = ".".join(map(str, sys.version_info[:3]))
    # A name that begins with an underscore is not read as a document.
    licence = LICENCE.format(version=version)
    (folder / "_LICENCE.md").write_text(licence, encoding="utf-8", newline="\n")
    return folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the corpus."""
    parser = argparse.ArgumentParser("python -m source.sample_corpus", description=__doc__)
    parser.add_argument("--output", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    folder = write_sample(options.output)
    print(f"wrote {len(list(folder.glob('*.txt')))} documents to {folder}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
