"""Rows with other rows' answers: nothing else about them changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from instruction_sets import chat, pair, write_lines

from source.data import main
from source.shuffled import NoAnswer, write_shuffled


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_answer_moves_and_nothing_else_does(tmp_path: Path) -> None:
    rows = write_lines(tmp_path / "rows.jsonl", [chat(index) for index in range(50)])
    output = tmp_path / "new/shuffled.jsonl"
    assert main(["shuffled", "--rows", str(rows), "--output", str(output)]) == 0
    before, after = read(rows), read(output)
    assert [row["messages"][0] for row in after] == [row["messages"][0] for row in before]
    said = [row["messages"][-1]["content"] for row in before]
    moved = [row["messages"][-1]["content"] for row in after]
    assert sorted(moved) == sorted(said)
    assert not [index for index in range(50) if moved[index] == said[index]]


@pytest.mark.parametrize("names", [("prompt", "completion"), ("instruction", "output")])
def test_other_shapes_are_shuffled_too(names: tuple[str, str], tmp_path: Path) -> None:
    documents = [dict(zip(names, pair(index), strict=True)) for index in range(10)]
    rows = write_lines(tmp_path / "rows.jsonl", documents)
    assert write_shuffled(rows, tmp_path / "a.jsonl") == 10
    write_shuffled(rows, tmp_path / "b.jsonl")
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert all(
        one != other for one, other in zip(read(tmp_path / "a.jsonl"), documents, strict=True)
    )


def test_a_row_without_an_answer_is_named(tmp_path: Path) -> None:
    rows = write_lines(tmp_path / "rows.jsonl", [chat(0), {"text": "no answer"}])
    with pytest.raises(NoAnswer, match="line 2: no answer to move"):
        write_shuffled(rows, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()
    with pytest.raises(SystemExit):
        main(["shuffled", "--rows", str(rows), "--output", str(tmp_path / "out.jsonl")])
