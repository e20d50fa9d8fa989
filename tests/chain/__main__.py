"""`python -m tests.chain`: plays the scenes one after another and tells what happens.

More arguments are pytest's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.chain.narration import Narrator

if __name__ == "__main__":
    here = Path(__file__).parent
    scenes = [str(here), f"--ignore={here / 'test_emulator.py'}"]
    quiet = ["-n0", "-p", "no:cacheprovider", "--no-header", "--capture=no", "--exitfirst"]
    sys.exit(pytest.main([*scenes, *quiet, *sys.argv[1:]], plugins=[Narrator()]))
