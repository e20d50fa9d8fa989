"""Writes sample data: `sample` the documents in corpus/, what Python says about itself."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from source.sample_corpus import FOLDER, write_sample

# What `make run` writes when the configuration names it and it is not there.
SAMPLES = (FOLDER,)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m source.data", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sample", help=f"the documents in {FOLDER}/")
    parser.parse_args(arguments)
    print(f"wrote {write_sample()}/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
