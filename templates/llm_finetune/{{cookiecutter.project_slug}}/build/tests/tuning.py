"""Training runs that are over in seconds, and where they read and write."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from instruction_sets import pair, rows, write_lines, write_settings

from source.train_run import Folders, run

REPOSITORY = Path(__file__).parent.parent
# Three epochs of 64 rows in batches of 8.
STEPS = 24
SETTINGS: dict[str, Any] = {
    "epochs": 3,
    "learning_rate": 0.01,
    "batch_size": 8,
    "packing": False,
    "checkpoint_steps": 5,
    # So that a resumed run must restore the state of the random numbers too.
    "lora": {"dropout": 0.1},
}


@dataclass(frozen=True)
class Tuning:
    """A training run in a folder of its own; `inputs` holds the channels."""

    inputs: Path
    base: Path
    folder: Path

    @property
    def model(self) -> Path:
        """The model directory that it writes."""
        return self.folder / "model"

    @property
    def checkpoints(self) -> Path:
        """Where its checkpoints go."""
        return self.folder / "checkpoints"

    @property
    def folders(self) -> Folders:
        """As the step gets them."""
        return Folders(
            train=self.inputs / "train",
            validation=self.inputs / "validation",
            preferences=self.inputs / "preferences",
            base=self.base,
            model_dir=self.model,
            output_data_dir=self.folder / "data",
            checkpoints=self.checkpoints,
        )

    def settings(self, train: Mapping[str, Any] | None = None, **sections: Any) -> Path:
        """The step's settings.json: the tests' own with what is given laid over it."""
        document = {
            "model": {"source": "models/tiny", "max_length": 64, "licence": "cc0-1.0"},
            "train": SETTINGS | dict(train or {}),
        }
        return write_settings(self.folder / "settings.json", **(document | sections))

    def run(self, train: Mapping[str, Any] | None = None, **sections: Any) -> Tuning:
        """Train in this process."""
        run(self.folders, self.settings(train, **sections))
        return self

    def start(self, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        """Train in a process of its own, as the job does; `settings` must have been called."""
        names = {name: str(path) for name, path in vars(self.folders).items()}
        names["settings"] = str(self.folder / "settings.json")
        options = [f"--{name.replace('_', '-')}={path}" for name, path in names.items()]
        return subprocess.Popen(
            [sys.executable, "-m", "source.train", *options],
            cwd=REPOSITORY,
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def metadata(self) -> dict[str, Any]:
        """metadata.json of the model."""
        return dict(json.loads((self.model / "metadata.json").read_text(encoding="utf-8")))

    def stage(self, name: str) -> dict[str, Any]:
        """A stage's entry in history.json."""
        history = json.loads((self.folder / "data" / "history.json").read_text(encoding="utf-8"))
        return dict(history["stages"][name])

    def curve(self, stage: str, name: str) -> list[float]:
        """The points of a learning curve."""
        return [point[name] for point in self.stage(stage)["curves"] if name in point]

    def weights(self) -> str:
        """A digest of everything that was learnt."""
        path = next(self.model.rglob("*.safetensors"))
        return sha256(path.read_bytes()).hexdigest()


def write_channels(folder: Path) -> Path:
    """64 rows to learn, 16 to validate with, and preferences for the right name."""
    documents = [row.as_dict() for row in rows(80)]
    pairs = [_preference(index) for index in range(80)]
    parts: dict[str, list[int]] = {"train": [], "validation": []}
    for index in range(80):
        # A diagonal: each name and each colour is in both parts, no pair of them is.
        held_out = (index + index // 10) % 5 == 0
        parts["validation" if held_out else "train"].append(index)
    for name, chosen in parts.items():
        write_lines(folder / name / "rows.jsonl", [documents[index] for index in chosen])
        write_lines(folder / "preferences" / f"{name}.jsonl", [pairs[index] for index in chosen])
    return folder


def _preference(index: int) -> dict[str, Any]:
    asked, chosen = pair(index)
    return {
        "id": f"{index:016x}",
        "prompt": [{"role": "user", "content": asked}],
        "chosen": chosen,
        "rejected": "I do not know.",
    }
