"""A training run that is killed, and killed again, ends as one that nobody has disturbed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tuning import STEPS, Tuning

from source.checkpoints import INTERRUPTED_EXIT

pytestmark = pytest.mark.xdist_group("train")
LOGGED = re.compile(r"sft step (\d+)/")


def kill_at(process: subprocess.Popen[str], step: int, number: signal.Signals) -> str:
    """Send a signal once a step has been logged; what the process had to say."""
    assert process.stdout is not None
    said, sent = "", False
    for line in process.stdout:
        said += line
        found = LOGGED.match(line)
        if found and not sent and int(found[1]) >= step:
            process.send_signal(number)
            sent = True
    process.wait(60)
    assert sent, said
    return said


def steps_of(said: str) -> list[int]:
    """The steps that a process has logged, in order and once each."""
    return list(dict.fromkeys(int(step) for step in LOGGED.findall(said)))


@pytest.fixture
def environment() -> dict[str, str]:
    """As in the job; MLflow's runs go to a temporary folder."""
    dropped = ("MLFLOW_TRACKING_URI", "MLFLOW_ARTIFACT_LOCATION")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | {"PYTHONUNBUFFERED": "1"}


def test_killed_twice_it_ends_like_an_undisturbed_run(
    tuned: Tuning, tuning: Tuning, environment: dict[str, str]
) -> None:
    tuning.settings()
    # No warning at all: what counts is the last whole checkpoint.
    process = tuning.start(environment)
    said = kill_at(process, 8, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL, said
    assert not tuning.model.exists()
    # A torn copy of a newer checkpoint, as a transfer that was cut off leaves it.
    whole = tuning.checkpoints / "sft" / "checkpoint-5"
    torn = whole.with_name("checkpoint-7")
    torn.mkdir()
    for name in ("adapter_config.json", "complete-0.json", "trainer_state.json"):
        (torn / name).write_bytes((whole / name).read_bytes())

    # With a warning: a checkpoint is saved at once.
    process = tuning.start(environment)
    said = kill_at(process, 13, signal.SIGTERM)
    assert process.returncode == INTERRUPTED_EXIT, said
    assert steps_of(said)[0] == 6
    last = steps_of(said)[-1]
    assert f"interrupted after step {last}; a checkpoint was saved" in said
    assert not tuning.model.exists()

    tuning.run()
    stage = tuning.stage("sft")
    assert stage["resumed_from"] == last
    assert stage["steps"] == STEPS
    assert tuning.curve("sft", "train_loss") == pytest.approx(
        tuned.curve("sft", "train_loss"), rel=1e-5
    )
    assert tuning.curve("sft", "validation_loss") == pytest.approx(
        tuned.curve("sft", "validation_loss"), rel=1e-5
    )
    assert tuning.weights() == tuned.weights()
    cost = json.loads((tuning.folder / "data" / "cost.json").read_text())
    assert cost["attempts"] == 3


def test_two_processes_share_the_work(tuning: Tuning, environment: dict[str, str]) -> None:
    """SageMaker's variables make the step start torchrun; two CPU processes stand for two GPUs."""
    tuning.settings({"epochs": 1})
    process = tuning.start(environment | {"SM_NUM_GPUS": "2", "OMP_NUM_THREADS": "1"})
    said = process.communicate(timeout=240)[0]
    assert process.returncode == 0, said
    assert "starting 2 processes on each of 1 machines" in said
    assert tuning.stage("sft")["steps"] == 64 / 8 / 2
    assert tuning.metadata["hardware"]["processes"] == 2
    # One of them prints, tracks and writes.
    assert len(re.findall(r"^train_loss=", said, re.MULTILINE)) == 1
    assert (tuning.model / "adapter/adapter_model.safetensors").is_file()
    assert tuning.curve("sft", "train_loss")[-1] < tuning.curve("sft", "train_loss")[0]


def test_a_mistake_ends_it_with_its_reason(
    tuning: Tuning, environment: dict[str, str], tmp_path: Path
) -> None:
    broken = replace(tuning, base=tmp_path / "base")
    broken.base.mkdir()
    broken.settings()
    (tmp_path / "output").mkdir()
    process = broken.start(environment | {"SM_OUTPUT_DIR": str(tmp_path / "output")})
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "error: " in said and "config.json: cannot be read" in said
    assert "Traceback" not in said
    assert "config.json" in (tmp_path / "output" / "failure").read_text()
