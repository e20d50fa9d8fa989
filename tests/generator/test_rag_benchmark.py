"""The RAG benchmark: what counts as overhead and as growth, and how it ends without its needs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from benchmarks.rag.measure import NotMeasured, run
from benchmarks.rag.report import Measurements, build, print_table, query
from benchmarks.rag.ways import BUILD, INDEX, PLAIN, TEMPLATE, Measured, Task


def measured(seconds: float, milliseconds: float, size: int) -> Measured:
    """What one repetition saw."""
    return Measured(
        build_seconds=seconds,
        save_seconds=1.0,
        open_seconds=0.5,
        query_ms=milliseconds,
        slow_query_ms=2 * milliseconds,
        peak_mib=100 + size / 100,
        open_mib=50 + size / 200,
        found="hash",
        same=0.98,
    )


def measurements(ours: float = 1.05, large: float = 10.5, ours_ms: float = 2.1) -> Measurements:
    """Two sizes of an index, the plain way taking 1 and 10 seconds."""
    found = Measurements()
    for size, plain, template in ((10_000, 1.0, ours), (100_000, 10.0, large)):
        found.add(size, PLAIN, measured(plain, size / 5000, size))
        found.add(size, TEMPLATE, measured(template, ours_ms * size / 10_000, size))
    return found


def table(found: Measurements) -> tuple[bool, str]:
    """Whether all holds, and what is printed."""
    out = StringIO()
    held = print_table(found, Console(file=out, width=160))
    return held, out.getvalue()


def test_what_the_template_costs_more_is_shown() -> None:
    held, text = table(measurements())
    assert held and text.count("+5%") == 4
    assert "100,000" in text and "a chunk costs +0% to build, +0% to ask" in text
    assert "10.2 KiB building and 5.1 open (template)" in text
    assert "both find the same for 98%" in text


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


def test_queries_that_cost_more_than_their_share_in_a_large_index_are_noticed() -> None:
    found = measurements()
    for way in (PLAIN, TEMPLATE):
        found.add(1_000_000, way, measured(100.0, 300.0, 1_000_000))
    assert found.overhead(1_000_000, query) == 0 and found.growth(query) > 0.4
    assert not table(found)[0]


def test_a_busy_moment_of_the_machine_does_not_count() -> None:
    found = measurements()
    found.add(10_000, TEMPLATE, measured(9.0, 50.0, 10_000))
    assert found.overhead(10_000, build) == pytest.approx(0.05)
    assert found.overhead(10_000, query) == pytest.approx(0.05)


def test_an_index_that_finds_something_else_the_next_time_is_noticed() -> None:
    found = measurements()
    found.add(10_000, TEMPLATE, replace(measured(1.05, 2.1, 10_000), found="another"))
    assert not table(found)[0]


def test_a_worker_that_fails_is_told() -> None:
    told = r"index plain libraries of 1,000 chunks: .*No (such|module)"
    with pytest.raises(NotMeasured, match=told):
        run(sys.executable, Task(INDEX, "/nowhere", 1_000, 20, PLAIN))


def test_what_could_not_be_measured_is_no_success() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.rag"],
        cwd=BUILD.parents[3],
        # Neither make nor uv are found, so no environment can be installed.
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "nothing was measured: the template's requirements are not installed" in done.stderr
