"""The rows of Prepare as TRL takes them: read one by one into memory-mapped tables, never whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from source.exits import StepFailed
from source.rows import FILE_NAME

if TYPE_CHECKING:
    from datasets import Dataset

BLOCK = 1 << 20
Turn = dict[str, str]


@dataclass(frozen=True)
class RowsFile:
    """A file of rows and what identifies its content; the file may be absent or empty."""

    path: Path
    rows: int
    sha256: str

    @classmethod
    def look_at(cls, path: Path) -> RowsFile:
        """Count and digest the file's lines."""
        digest, rows = hashlib.sha256(), 0
        if path.is_file():
            with path.open("rb") as file:
                for line in file:
                    digest.update(line)
                    rows += bool(line.strip())
        return cls(path, rows, digest.hexdigest())

    def as_dict(self) -> dict[str, Any]:
        """For metadata.json and the run's fingerprint; where it lay does not matter."""
        return {"rows": self.rows, "sha256": self.sha256}


@dataclass(frozen=True)
class TrainingData:
    """The channels of Train."""

    train: RowsFile
    validation: RowsFile
    preferences_train: RowsFile
    preferences_validation: RowsFile

    @classmethod
    def look_at(cls, train: Path, validation: Path, preferences: Path) -> TrainingData:
        """The channels' folders."""
        return cls(
            RowsFile.look_at(train / FILE_NAME),
            RowsFile.look_at(validation / FILE_NAME),
            RowsFile.look_at(preferences / "train.jsonl"),
            RowsFile.look_at(preferences / "validation.jsonl"),
        )

    def require(self, stages: tuple[str, ...]) -> None:
        """Raise `StepFailed` when a stage has nothing to learn from or to be measured by."""
        needed = {
            "sft": (self.train, self.validation),
            "dpo": (self.preferences_train,),
        }
        for stage in stages:
            for file in needed[stage]:
                if not file.rows:
                    advice = (
                        "name preference pairs in data.source or data.preferences, or set "
                        "train.method: sft"
                        if stage == "dpo"
                        else "Prepare wrote no rows there"
                    )
                    raise StepFailed(
                        f"train.method needs stage {stage}, but {file.path} has no rows: {advice}"
                    )

    def as_dict(self) -> dict[str, Any]:
        """For metadata.json."""
        return {
            "train": self.train.as_dict(),
            "validation": self.validation.as_dict(),
            "preferences_train": self.preferences_train.as_dict(),
            "preferences_validation": self.preferences_validation.as_dict(),
        }


def conversations(file: RowsFile, cache: Path) -> Dataset:
    """Rows as prompt and completion, both lists of messages; the completion is the last one."""
    return _table(_conversations, file, cache)


def preferences(file: RowsFile, cache: Path) -> Dataset:
    """Preference pairs as prompt, chosen and rejected, each a list of messages."""
    return _table(_preferences, file, cache)


def _table(generator: Any, file: RowsFile, cache: Path) -> Dataset:
    """Every process of a machine asks for it; the first writes the table, the others wait."""
    import datasets

    datasets.disable_progress_bars()
    # The digest is an argument so that a table is never taken for that of another content.
    return datasets.Dataset.from_generator(
        generator,
        gen_kwargs={"path": str(file.path), "sha256": file.sha256},
        cache_dir=str(cache),
        keep_in_memory=False,
    )


def _conversations(path: str, sha256: str) -> Iterator[dict[str, list[Turn]]]:
    for row in _rows(path):
        yield {"prompt": row["messages"][:-1], "completion": row["messages"][-1:]}


def _preferences(path: str, sha256: str) -> Iterator[dict[str, list[Turn]]]:
    for row in _rows(path):
        yield {
            "prompt": row["prompt"],
            "chosen": [{"role": "assistant", "content": row["chosen"]}],
            "rejected": [{"role": "assistant", "content": row["rejected"]}],
        }


def _rows(path: str) -> Iterator[dict[str, Any]]:
    with Path(path).open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)
