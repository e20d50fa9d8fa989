"""`make faults`: play the whole table and print it, one line for each call."""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

from jwt.warnings import InsecureKeyLengthWarning

from tests.faults.chains import CHAINS
from tests.faults.expected import listed_before, surprises
from tests.faults.fifty import play_fifty
from tests.faults.standing import stage
from tests.faults.table import FAULTS, Cell, Recorded, Row, play, recorded, rows

WIDTH = 11


def main() -> int:
    """Return 0 when every cell converged and no secret was seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--chain", choices=CHAINS, action="append", help="only this chain")
    parser.add_argument("--call", default="", help="only calls whose name has this in it")
    given = parser.parse_args()
    # The App's key is short on purpose: see `standing.key_pair`.
    warnings.filterwarnings("ignore", category=InsecureKeyLengthWarning)
    started, processor = time.monotonic(), time.process_time()
    surprising: list[str] = []
    cells: list[Cell] = []
    count = 0
    for chain in CHAINS.values():
        if given.chain and chain.name not in given.chain:
            continue
        with recorded(chain) as found:
            mine = rows(found, listed_before(chain.name))
            surprising += surprises(chain.name, found.calls)
            _say(f"\n{chain.name:<65}{''.join(f'{name:<{WIDTH}}' for name in FAULTS)}")
            for row in mine:
                if given.call in f"{row.call.step} {row.call}":
                    count += 1
                    cells += _played(found, row)
    fifty: list[str] = []
    if not (given.chain or given.call):
        with TemporaryDirectory(prefix="aiops-fifty-") as folder, stage(Path(folder)) as on:
            figures, fifty = play_fifty(on)
        _say(f"\n{figures}")
    for problem in (*surprising, *fifty):
        _say(f"✗ {problem}")
    failed = [cell for cell in cells if not cell.ok]
    _say(
        f"\n{count} calls, {sum(cell.plays for cell in cells)} plays:"
        f" {len(cells) - len(failed)} of {len(cells)} cells converged"
        f" with {sum(cell.retries for cell in cells)} retries"
        f" and {sum(cell.redrives for cell in cells)} redrives;"
        f" {sum(len(cell.leaks) for cell in cells)} leaks;"
        f" {time.monotonic() - started:.0f} s ({time.process_time() - processor:.0f} s of CPU)"
    )
    return 1 if failed or surprising or fifty or not cells else 0


def _played(found: Recorded, row: Row) -> list[Cell]:
    """Play one line, and print it as it grows."""
    sys.__stdout__.write(f"  {row.call.step:<14} {row.call!s:<48}")  # type: ignore[union-attr]
    cells = []
    for fault in FAULTS:
        if row.has(fault):
            cells.append(play(found, row, fault))
            _say("ok" if cells[-1].ok else "✗", end=" " * (WIDTH - (2 if cells[-1].ok else 1)))
        else:
            _say("-", end=" " * (WIDTH - 1))
    _say("")
    for cell in cells:
        for problem in (*cell.problems, *cell.leaks)[:3]:
            _say(f"      {problem}")
    return cells


def _say(text: str, end: str = "\n") -> None:
    # Standard output is a function's while one runs.
    print(text, end=end, file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    sys.exit(main())
