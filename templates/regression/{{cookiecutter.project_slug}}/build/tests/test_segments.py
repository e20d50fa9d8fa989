"""Errors by part of the rows, whatever kind of column makes the parts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from source.errors import UserError
from source.segments import segments

ROWS = 80
FRAME = pd.DataFrame(
    {
        "label": (["a"] * 50 + ["b"] * 20 + [None] * 10),
        "many": [f"m{n % 20:02d}" for n in range(ROWS)],
        "flag": pd.array([True, False, None, True] * 20, dtype="boolean"),
        "code": [1.0, 2.0, 3.0, np.nan] * 20,
        "size": np.arange(ROWS, dtype="float64"),
        "day": pd.date_range("2022-01-01", periods=ROWS, freq="15D"),
        "quarter": pd.date_range("2024-01-01", periods=ROWS, freq="2D"),
        "y": np.linspace(0, 10, ROWS),
    }
)


def parts(by: str) -> dict[str, int]:
    actual = FRAME["y"].to_numpy()
    found = segments(FRAME, "y", [by], actual + 1.0, actual - 2.0)
    assert sum(segment.rows for segment in found) == ROWS
    for segment in found:
        assert segment.rmse == pytest.approx(1) and segment.bias == pytest.approx(1)
        assert segment.linear_rmse == pytest.approx(2)
    return {segment.segment: segment.rows for segment in found}


def test_labels_missing_ones_included() -> None:
    assert parts("label") == {"a": 50, "b": 20, "(missing)": 10}
    assert len(parts("many")) == 13 and parts("many")["(other)"] == 32


def test_booleans_and_codes_are_named_by_their_value() -> None:
    assert parts("flag") == {"false": 20, "true": 40, "(missing)": 20}
    assert parts("code") == {"1": 20, "2": 20, "3": 20, "(missing)": 20}


def test_numbers_are_cut_into_quarters() -> None:
    assert list(parts("size").values()) == [20, 20, 20, 20]
    assert next(iter(parts("size"))) == "0 to 19.75"


def test_dates_are_cut_by_year_or_quarter() -> None:
    assert list(parts("day")) == ["2022", "2023", "2024", "2025"]
    assert list(parts("quarter")) == ["2024Q1", "2024Q2"]


def test_without_columns_the_target_is_cut() -> None:
    actual = FRAME["y"].to_numpy()
    assert [segment.by for segment in segments(FRAME, "y", (), actual, actual)] == ["y"] * 4


def test_an_unknown_column_is_named_with_those_to_choose_from() -> None:
    with pytest.raises(UserError, match=r"'region'.* choose from label, many"):
        segments(FRAME, "y", ["region"], FRAME["y"].to_numpy(), FRAME["y"].to_numpy())
