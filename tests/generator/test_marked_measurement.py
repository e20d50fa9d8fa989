"""A measurement in a process of its own: found among other output, or told why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.marked import NotMeasured, measured_by

MODULE = """
from dataclasses import dataclass
from benchmarks.marked import report_measurement

@dataclass
class Task:
    count: int

@dataclass
class Found:
    doubled: int

def measure(task):
    print("a library says hello")
    if task.count < 0:
        raise ValueError(f"{task.count} is too few")
    return Found(2 * task.count)

report_measurement(Task, measure)
"""


@dataclass(frozen=True)
class Counting:
    """A task."""

    count: int


@pytest.fixture
def build(tmp_path: Path) -> Path:
    (tmp_path / "doubling.py").write_text(MODULE)
    return tmp_path


def test_the_measurement_is_found_among_other_lines(build: Path) -> None:
    assert measured_by("doubling", Counting(21), build=build, environment={}) == {"doubled": 42}


def test_without_one_the_last_line_says_why(build: Path) -> None:
    with pytest.raises(NotMeasured, match=r"^ValueError: -1 is too few$"):
        measured_by("doubling", Counting(-1), build=build, environment={})
