"""The emulator leaves nothing behind, whatever happens to whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chain.emulator import waited
from tests.chain.environments import CHECKOUT, environment

pytestmark = pytest.mark.xdist_group("chain")

# A shell starts what runs in its background with interrupts ignored, and children inherit that.
STARTER = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from tests.chain.emulator import Emulator
with Emulator(Path(sys.argv[1]), Path(sys.argv[2]), {}) as emulator:
    emulator.ready()
    print(emulator.process_id, flush=True)
    time.sleep(60)
"""


def _ended(process: int) -> bool | None:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    # One that nobody has waited for is not running any more either.
    told = Path(f"/proc/{process}/stat")
    is_dead = told.exists() and told.read_text().rpartition(")")[2].split()[0] == "Z"
    return True if is_dead else None


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_it_ends_with_whoever_started_it(by: signal.Signals, tmp_path: Path) -> None:
    """Whoever started the emulator is interrupted or killed; the emulator ends"""
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(environment("ministack")), str(tmp_path / "aws")],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert starter.stdout
        process = int(starter.stdout.readline())
        assert _ended(process) is None
        starter.send_signal(by)
        starter.wait(20)
        assert waited("the emulator ends", lambda: _ended(process), 20)
    finally:
        starter.kill()
        starter.wait(10)
