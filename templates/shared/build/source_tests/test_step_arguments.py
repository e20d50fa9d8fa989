"""Where a step reads and writes, and the bound that the pipeline gives it as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from source.step_arguments import add_bound, bound_argument, step_parser


def test_a_step_reads_and_writes_where_its_container_mounts() -> None:
    options = step_parser("Does it.", "model", "test").parse_args(["--test", "elsewhere"])
    assert options.model == Path("/opt/ml/processing/input/model")
    assert options.test == Path("elsewhere")
    assert options.output == Path("/opt/ml/processing/output")
    assert options.settings.name == "settings.json"


@pytest.mark.parametrize(
    ("text", "bound"), [("60", 60.0), ("-0.5", -0.5), ("none", None), ("", None), ("NaN", None)]
)
def test_the_bound_as_an_argument(text: str, bound: float | None) -> None:
    parser = step_parser(None)
    add_bound(parser)
    assert parser.parse_args([f"--bound={text}"]).bound == bound
    assert parser.parse_args([]).bound is None


@pytest.mark.parametrize("text", ["inf", "low"])
def test_a_bound_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        bound_argument(text)
