"""Rows on their way to TRL."""

from __future__ import annotations

from pathlib import Path

import pytest
from tuning import Tuning

from source.train_data import RowsFile, TrainingData, conversations, preferences

pytestmark = pytest.mark.xdist_group("train")


def test_the_last_message_is_what_is_learnt(channels: Path, tmp_path: Path) -> None:
    file = RowsFile.look_at(channels / "train" / "rows.jsonl")
    table = conversations(file, tmp_path)
    assert len(table) == file.rows == 64
    assert [turn["role"] for turn in table[0]["prompt"]] == ["user"]
    assert [turn["role"] for turn in table[0]["completion"]] == ["assistant"]


def test_preferences_are_conversations_too(channels: Path, tmp_path: Path) -> None:
    table = preferences(RowsFile.look_at(channels / "preferences" / "train.jsonl"), tmp_path)
    assert set(table.column_names) == {"prompt", "chosen", "rejected"}
    assert table[0]["rejected"] == [{"role": "assistant", "content": "I do not know."}]


def test_a_table_is_not_taken_for_that_of_another_content(channels: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    lines = (channels / "train" / "rows.jsonl").read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:3]))
    assert len(conversations(RowsFile.look_at(path), tmp_path / "cache")) == 3
    path.write_text("".join(lines[:5]))
    assert len(conversations(RowsFile.look_at(path), tmp_path / "cache")) == 5


def test_channels_are_identified_by_content_alone(tuning: Tuning, tmp_path: Path) -> None:
    folders = tuning.folders
    data = TrainingData.look_at(folders.train, folders.validation, folders.preferences)
    assert data.as_dict()["train"]["rows"] == 64 and data.validation.rows == 16
    absent = RowsFile.look_at(tmp_path / "absent.jsonl")
    assert absent.rows == 0
