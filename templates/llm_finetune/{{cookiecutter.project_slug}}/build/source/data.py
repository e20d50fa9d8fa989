"""Writes sample data: `sample` the shipped rows and the tiny base model, `tiny` another tiny one.

`shuffled` gives rows of yours each other's answers: a model tuned on them must be refused.

The rows are part of this repository; the model is not, because it is made in seconds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from source import tiny
from source.instructions import PREFERENCES, SAMPLE, write_sample
from source.shuffled import NoAnswer, write_shuffled

# What `make run` writes when the configuration names it and it is not there.
SAMPLES = (SAMPLE, PREFERENCES, tiny.FOLDER)
SHUFFLED = SAMPLE.with_name("shuffled.jsonl")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m source.data", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sample", help="the rows in data/, and the base model models/tiny")
    own = commands.add_parser("tiny", help="a tiny base model whose tokenizer knows your rows")
    own.add_argument("--rows", type=Path, default=SAMPLE, help="JSONL to train the tokenizer on")
    own.add_argument("--output", type=Path, default=tiny.FOLDER)
    wrong = commands.add_parser("shuffled", help="rows with each other's answers, to try the gate")
    wrong.add_argument("--rows", type=Path, default=SAMPLE, help="JSONL whose answers to move")
    wrong.add_argument("--output", type=Path, default=SHUFFLED)
    options = parser.parse_args(arguments)
    if options.command == "sample":
        print(f"wrote {write_sample()}")
        options.rows, options.output = SAMPLE, tiny.FOLDER
    elif not options.rows.is_file():
        parser.error(f"--rows {options.rows}: there is no such file")
    if options.command == "shuffled":
        try:
            moved = write_shuffled(options.rows, options.output)
        except NoAnswer as error:
            parser.error(str(error))
        print(f"wrote {options.output}: {moved} rows; name it in data.source")
        return 0
    print(f"wrote {tiny.write_tiny(options.output, tiny.texts_of(options.rows))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
