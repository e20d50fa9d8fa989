"""The fine-tuning benchmark: its arithmetic, its verdict, and what it does without a GPU."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from rich.console import Console

from benchmarks.llm.arithmetic import SHAPES, flops_per_token, peak_flops
from benchmarks.llm.report import Measurements, fastest_is_ours, print_table
from benchmarks.llm.ways import BUILD, PLAIN, TEMPLATE, Measured, row_lengths

H200 = "NVIDIA H200"


def measured(rate: float | None, *, failure: str | None = None) -> Measured:
    return Measured(H200, 7_000_000_000, rate, 61.5, 44e9, ["a note"], failure)


def table(found: Measurements) -> str:
    console = Console(file=io.StringIO(), width=160)
    print_table(found, "7b", console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_shapes_are_of_the_classes_that_they_name() -> None:
    assert 1.0e9 < SHAPES["1b"].multiplied < 1.5e9
    assert 6.5e9 < SHAPES["7b"].multiplied < 8.0e9


def test_a_layer_is_counted_weight_by_weight() -> None:
    tiny = SHAPES["tiny"]
    # q and o: 128 x 128; k and v: 128 x 64; gate, up and down: 128 x 256; output: 128 x 1024.
    layer = 2 * 128 * 128 + 2 * 128 * 64 + 3 * 128 * 256
    assert tiny.multiplied == 2 * layer + 128 * 1024
    assert tiny.adapter(8) == 2 * 8 * (2 * 256 + 2 * 192 + 3 * 384)


def test_full_tuning_computes_six_times_the_weights_and_an_adapter_four() -> None:
    shape = SHAPES["7b"]
    short = [1] * 10
    assert flops_per_token(shape, short, None) == pytest.approx(6 * shape.multiplied, rel=1e-3)
    adapter = 4 * shape.multiplied + 6 * shape.adapter(16)
    assert flops_per_token(shape, short, 16) == pytest.approx(adapter, rel=1e-3)


def test_long_rows_cost_more_for_each_token() -> None:
    shape = SHAPES["1b"]
    extra = flops_per_token(shape, [4000], None) - flops_per_token(shape, [2000], None)
    # Forward, keys and values of 1000 more tokens on average, in multiply-adds; three passes.
    assert extra == pytest.approx(3 * 2 * 2 * 16 * 16 * 128 * 1000)


@pytest.mark.parametrize(
    ("device", "peak"),
    [
        (H200, 989e12),
        ("NVIDIA H100 80GB HBM3", 989e12),
        ("NVIDIA H100 PCIe", 756e12),
        ("NVIDIA L40S", 362e12),
        ("NVIDIA L4", 121e12),
        ("NVIDIA A10G", 70e12),
        ("CPU", None),
    ],
)
def test_the_peak_is_that_of_the_chip(device: str, peak: float | None) -> None:
    assert peak_flops(device) == peak


def test_rows_are_the_same_in_every_process_and_no_longer_than_asked() -> None:
    lengths = row_lengths(500, 512)
    assert lengths == row_lengths(500, 512)
    assert max(lengths) == 512 and 150 < sum(lengths) / 500 < 400


def test_utilisation_and_ratio_are_shown() -> None:
    found = Measurements()
    for way, rates in ((PLAIN, (5_000, 4_000, 6_000)), (TEMPLATE, (9_000, 11_000, 10_000))):
        for rate in rates:
            found.add(way, measured(rate))
    shown = table(found)
    # 10,000 tokens/s x 44 GFLOP of 989 TFLOP/s.
    assert "44.5%" in shown and "2.00" in shown and "9,000 to 11,000" in shown
    assert "template: a note" in shown
    assert fastest_is_ours(found)


def test_a_faster_way_is_noticed_and_a_tie_is_not() -> None:
    found = Measurements()
    found.add(TEMPLATE, measured(10_000))
    found.add("a tie", measured(10_100))
    assert fastest_is_ours(found)
    found.add("faster", measured(11_000))
    assert not fastest_is_ours(found)


def test_a_way_that_could_not_train_says_why() -> None:
    found = Measurements()
    found.add(TEMPLATE, measured(10_000))
    found.add(PLAIN, measured(None, failure="out of memory"))
    assert "out of memory" in table(found)
    assert fastest_is_ours(found)
    found.add(TEMPLATE, measured(None, failure="out of memory"))
    assert not fastest_is_ours(found)


def test_without_what_it_needs_it_says_so_and_ends_well() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.llm"],
        cwd=BUILD.parents[3],
        env={"PATH": "", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "nothing was measured" in done.stdout
