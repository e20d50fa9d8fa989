"""Two processes with disks of their own agree, and share what the first one has written."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from tuning import REPOSITORY

PROCESS = """
import json, os, sys
from pathlib import Path

from source import distributed

distributed.CHUNK = 1000
folder = Path(sys.argv[1])
rank = int(os.environ["RANK"])
with distributed.process_group("cpu"):
    choice = distributed.agreed({"step": 40 + rank})
    distributed.share_folder(folder, writes=rank == 1)
    distributed.wait_for_everyone()
print(json.dumps(choice))
"""


def test_a_folder_reaches_the_other_machine(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    (first / "ref").mkdir(parents=True)
    second.mkdir()
    (first / "adapter.safetensors").write_bytes(os.urandom(12_345))
    (first / "ref" / "adapter_config.json").write_text("{}")
    (first / "empty.txt").write_bytes(b"")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(folder)],
            cwd=REPOSITORY,
            env=os.environ
            | {"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": "0", "MASTER_PORT": port}
            | {"MASTER_ADDR": "127.0.0.1", "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank, folder in enumerate((first, second))
    ]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    # The first one's choice counts.
    assert [text.strip().splitlines()[-1] for text in said] == ['{"step": 40}'] * 2
    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
