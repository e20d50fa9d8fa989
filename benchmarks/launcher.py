"""Runs commands one after the other and prints what they cost, as JSON.

Kept small on purpose (`python -I -S`, standard library only): the peak memory that the system
reports for a command is at least that of the process that started it.
"""

import json
import os
import resource
import subprocess
import sys
import time


def main() -> None:
    """Read [{"argv", "cwd"}, …] from stdin; run them; print CPU seconds, wall seconds, MiB."""
    commands = json.load(sys.stdin)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    for command in commands:
        done = subprocess.run(command["argv"], cwd=command["cwd"], capture_output=True)
        if done.returncode != 0:
            shown = done.stderr.decode(errors="replace")
            sys.exit(f"{' '.join(command['argv'])}: exit code {done.returncode}\n{shown}")
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1024 if os.uname().sysname == "Linux" else 1024 * 1024
    json.dump(
        {
            "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "wall": wall,
            "peak": after.ru_maxrss / unit,
        },
        sys.stdout,
    )


main()
