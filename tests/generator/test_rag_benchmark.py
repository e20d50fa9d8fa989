"""The RAG benchmark: what counts as overhead and as growth, and how it ends without its needs."""

from __future__ import annotations

import subprocess
import sys
from io import StringIO

import pytest
from rich.console import Console

from benchmarks.rag.report import Measurements, build, print_table, query
from benchmarks.rag.ways import BUILD, PLAIN, TEMPLATE, Measured


def measured(seconds: float, milliseconds: float = 2.0, failure: str | None = None) -> Measured:
    """What a worker saw."""
    return Measured(seconds, milliseconds, 2 * milliseconds, 100.0, "hash", failure)


def measurements(ours: float = 1.05, large: float = 10.5, ours_ms: float = 2.1) -> Measurements:
    """Two sizes of an index, the plain way taking 1 and 10 seconds."""
    found = Measurements()
    for chunks, plain, template in ((10_000, 1.0, ours), (100_000, 10.0, large)):
        found.add(chunks, PLAIN, measured(plain))
        found.add(chunks, TEMPLATE, measured(template, ours_ms))
    return found


def table(found: Measurements) -> tuple[bool, str]:
    """Whether all holds, and what is printed."""
    out = StringIO()
    held = print_table(found, Console(file=out, width=140))
    return held, out.getvalue()


def test_what_the_template_costs_more_is_shown() -> None:
    held, text = table(measurements())
    assert held and text.count("+5%") == 4
    assert "100,000" in text and "a chunk costs +0% to index" in text


@pytest.mark.parametrize(
    "broken",
    [
        measurements(ours=1.2),
        measurements(large=12.0),
        measurements(ours_ms=2.4),
        measurements(ours=0.7, large=10.5),
    ],
    ids=["small build", "large build", "query", "growth"],
)
def test_a_promise_that_does_not_hold_is_noticed(broken: Measurements) -> None:
    assert not table(broken)[0]


def test_a_busy_moment_of_the_machine_does_not_count() -> None:
    found = measurements()
    found.add(10_000, TEMPLATE, measured(9.0, 50.0))
    assert found.overhead(10_000, build) == pytest.approx(0.05)
    assert found.overhead(10_000, query) == pytest.approx(0.05)


def test_a_failure_is_told() -> None:
    found = measurements()
    found.add(10_000, PLAIN, measured(0.0, 0.0, "out of memory"))
    held, text = table(found)
    assert not held and "out of memory" in text


def test_an_index_that_finds_something_else_the_next_time_is_noticed() -> None:
    found = measurements()
    found.add(10_000, TEMPLATE, Measured(1.05, 2.1, 4.2, 100.0, "another"))
    assert not table(found)[0]


def test_without_what_it_needs_it_says_so_and_ends_well() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.rag"],
        cwd=BUILD.parents[3],
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "nothing was measured" in done.stdout
