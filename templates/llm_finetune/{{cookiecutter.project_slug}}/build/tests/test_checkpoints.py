"""Which checkpoints count, whose they are, and what a run has cost."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from source.checkpoints import (
    Interruption,
    checkpoint_directory,
    fingerprint,
    finish,
    is_complete,
    last_complete,
    mark_complete,
    open_directory,
)
from source.cost import Spent, cost_of


def checkpoint(directory: Path, step: int, *nodes: int) -> Path:
    """A checkpoint of two files, complete for the machines named."""
    folder = directory / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "adapter.safetensors").write_bytes(b"weights")
    (folder / "trainer_state.json").write_text("{}")
    for node in nodes:
        mark_complete(folder, node=node)
    return folder


def test_the_newest_whole_checkpoint_counts(tmp_path: Path) -> None:
    assert last_complete(tmp_path / "absent") is None
    checkpoint(tmp_path, 90, 0)
    whole = checkpoint(tmp_path, 100, 0)
    checkpoint(tmp_path, 110)
    assert last_complete(tmp_path) == whole


@pytest.mark.parametrize("damage", ["cut", "lost", "list"])
def test_a_torn_checkpoint_does_not(damage: str, tmp_path: Path) -> None:
    older, torn = checkpoint(tmp_path, 9, 0), checkpoint(tmp_path, 10, 0)
    match damage:
        case "cut":
            (torn / "adapter.safetensors").write_bytes(b"wei")
        case "lost":
            (torn / "trainer_state.json").unlink()
        case "list":
            (torn / "complete-0.json").write_text('{"adapter')
    assert last_complete(tmp_path) == older


def test_every_machine_must_have_done_its_part(tmp_path: Path) -> None:
    checkpoint(tmp_path, 10, 0, 1)
    checkpoint(tmp_path, 20, 0)
    assert last_complete(tmp_path, nodes=2) == tmp_path / "checkpoint-10"
    assert not is_complete(tmp_path / "checkpoint-20", nodes=2)


def test_only_the_same_run_goes_on(tmp_path: Path) -> None:
    run = fingerprint({"seed": 1}, "data")
    assert fingerprint({"seed": 2}, "data") != run
    assert not open_directory(tmp_path, run)
    checkpoint(tmp_path / "sft", 10, 0)
    assert open_directory(tmp_path, run)
    assert last_complete(tmp_path / "sft") is not None
    assert not open_directory(tmp_path, fingerprint({"seed": 2}, "data"))
    assert last_complete(tmp_path / "sft") is None


def test_a_finished_run_begins_anew(tmp_path: Path) -> None:
    open_directory(tmp_path, "a")
    checkpoint(tmp_path / "sft", 10, 0)
    finish(tmp_path, "a")
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    # Where the directory is copied to, deleted files may stay.
    checkpoint(tmp_path / "sft", 10, 0)
    assert not open_directory(tmp_path, "a")
    assert not (tmp_path / "sft").exists()


def test_sigterm_leaves_a_note_and_no_more() -> None:
    interruption, before = Interruption(), signal.getsignal(signal.SIGTERM)
    with interruption.watched():
        assert not interruption.received
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.01)
        assert interruption.received
    assert signal.getsignal(signal.SIGTERM) == before


def test_where_checkpoints_go() -> None:
    assert checkpoint_directory({}) == Path("/opt/ml/checkpoints")
    assert checkpoint_directory({"SAGEMAKER_BASE_DIR": "/run/ml"}) == Path("/run/ml/checkpoints")
    assert checkpoint_directory({"SM_CHECKPOINT_DIR": "/c"}) == Path("/c")


def test_all_attempts_are_paid_for(tmp_path: Path) -> None:
    assert Spent.before(tmp_path) == Spent(0.0, 1)
    Spent.before(tmp_path).plus(1800).save(tmp_path)
    spent = Spent.before(tmp_path).plus(5400)
    assert spent == Spent(7200.0, 2)
    environment = {
        "SM_CURRENT_INSTANCE_TYPE": "ml.g6.2xlarge",
        "SM_HOSTS": json.dumps(["algo-1", "algo-2", "algo-3"]),
    }
    cost = cost_of(spent, {"ml.g6.2xlarge": 1.2}, environment)
    assert (cost.instances, cost.attempts, cost.instance_hours) == (3, 2, 6.0)
    assert cost.usd == pytest.approx(7.2)
    unknown = cost_of(spent, {}, environment)
    assert (unknown.usd, unknown.usd_per_hour, unknown.instance_hours) == (None, None, 6.0)


def test_a_laptop_costs_nothing_that_is_known(tmp_path: Path) -> None:
    prices = {"local": 9.0, "ml.m5.xlarge": 9.0}
    for environment in (
        {"SM_CURRENT_INSTANCE_TYPE": "local"},
        {"SM_CURRENT_INSTANCE_TYPE": "ml.m5.xlarge", "SAGEMAKER_BASE_DIR": "/home/me/run/opt/ml"},
    ):
        cost = cost_of(Spent(60.0, 1), prices, environment)
        assert (cost.instance_type, cost.usd) == (None, None)
    (tmp_path / "spent.json").write_text("{}")
    assert Spent.before(tmp_path) == Spent(0.0, 1)
