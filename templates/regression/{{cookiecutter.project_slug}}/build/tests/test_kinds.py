"""What a messy column is taken for, and how its values are read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from source import parsing
from source.kinds import decide
from source.schema import Kind

MANY = 40


def repeated(*values: Any) -> pd.Series[Any]:
    return pd.Series(list(values) * (MANY // len(values)), dtype=object)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (repeated("1", "2.5", "", "n/a"), Kind.NUMERIC),
        (repeated("1,200", "350"), Kind.NUMERIC),
        (repeated("$5.50", "(3.20)"), Kind.NUMERIC),
        (repeated("1,5", "2"), Kind.NUMERIC),
        (repeated("12%", "7 %"), Kind.NUMERIC),
        (repeated("00501", "10001"), Kind.CATEGORICAL),
        (repeated("yes", "No", "?"), Kind.BOOLEAN),
        (repeated("T", "F"), Kind.BOOLEAN),
        (repeated("n", "f"), Kind.CATEGORICAL),
        (repeated("red", "green"), Kind.CATEGORICAL),
        (repeated("2024-01-31", "2023-12-01"), Kind.DATE),
        (repeated("2024-01-31T10:00:00Z", "2023-12-01T11:30:00+02:00"), Kind.DATE),
        (repeated("31/01/2024", "01/12/2023"), Kind.DATE),
        (repeated("12/31/2023", "01/12/2023"), Kind.DATE),
        (repeated("31 Jan 2024", "01 Dec 2023"), Kind.DATE),
        (pd.Series([True, False] * 20), Kind.BOOLEAN),
        (pd.Series([True, None] * 20, dtype=object), Kind.BOOLEAN),
        (pd.Series([1, 2] * 20), Kind.NUMERIC),
        (pd.Series(pd.to_datetime(["2024-01-31", None] * 20)), Kind.DATE),
        (repeated("", "NA", "null", "-"), None),
        (repeated("same"), None),
        (pd.Series([f"text number {n}" for n in range(MANY)], dtype=object), None),
        (pd.Series(range(MANY)), None),
        (pd.Series([str(n * 7 % 41) for n in range(MANY)], name="customer_id"), None),
    ],
)
def test_kinds_of_messy_columns(raw: pd.Series[Any], kind: Kind | None) -> None:
    decision = decide(str(raw.name or "column"), raw)
    assert (decision.column.kind if decision.column else None) == kind, decision


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (repeated("1,200", "-350", "n/a"), [1200, -350, np.nan]),
        (repeated("1.234,5", "7,25"), [1234.5, 7.25]),
        (repeated("$5.50", "(3.20)", "2e3"), [5.5, -3.2, 2000]),
    ],
)
def test_numbers_are_read_as_people_write_them(raw: pd.Series[Any], expected: list[float]) -> None:
    column = decide("column", raw).column
    assert column is not None
    values, bad = column.parse(raw)
    assert not bad.any()
    np.testing.assert_array_equal(values[: len(expected)], expected)


def test_a_few_strays_among_numbers_are_missing_then_and_at_the_endpoint() -> None:
    raw = pd.Series([str(n / 7) for n in range(96)] + ["n.d."] * 4)
    decision = decide("size", raw)
    assert decision.column is not None and decision.column.kind is Kind.NUMERIC
    assert decision.column.also_missing == ("n.d.",)
    assert [problem.code for problem in decision.problems] == ["stray_values"]
    values, bad = decision.column.parse(pd.Series(["n.d.", "3", "elephant"]))
    assert values.isna().tolist() == [True, False, True]
    assert bad.tolist() == [False, False, True]


def test_dates_that_fit_two_formats_are_reported_and_can_be_overruled() -> None:
    raw = repeated("01/02/2024", "03/04/2024")
    decision = decide("when", raw)
    assert [problem.code for problem in decision.problems] == ["ambiguous_dates"]
    assert decision.column is not None
    assert decision.column.parse(raw).values[0] == pd.Timestamp("2024-02-01")
    overruled = decide("when", raw, "date:%m/%d/%Y")
    assert overruled.column is not None and not overruled.problems
    assert overruled.column.parse(raw).values[0] == pd.Timestamp("2024-01-02")


def test_a_date_column_still_understands_iso_dates_at_the_endpoint() -> None:
    column = decide("when", repeated("31/01/2024", "28/12/2023")).column
    assert column is not None
    values, bad = column.parse(pd.Series(["2024-01-31", "31/01/2024", "31.01.2024", None, 5]))
    assert values[:2].tolist() == [pd.Timestamp("2024-01-31")] * 2
    assert bad.tolist() == [False, False, True, False, True]


def test_settings_overrule_what_a_column_looks_like() -> None:
    codes = pd.Series([1, 2, 3] * 20)
    column = decide("zone", codes, "categorical").column
    assert column is not None and column.kind is Kind.CATEGORICAL
    assert set(column.parse(codes).values) == {"1", "2", "3"}
    assert decide("zone", codes, "ignore").column is None
    wrong = decide("zone", repeated("1", "high"), "numeric")
    assert wrong.column is None
    assert [problem.code for problem in wrong.problems] == ["wrong_type"]
    assert '"high"' in wrong.problems[0].message


def test_nested_values_are_an_error_that_names_the_column() -> None:
    decision = decide("tags", pd.Series([["a"], None, {"b": 1}] * 10, dtype=object))
    assert [problem.code for problem in decision.problems] == ["nested_values"]
    assert "'tags'" in decision.problems[0].message


@pytest.mark.parametrize("value", [True, [1], {"a": 1}, "1_000", "x", 10**400])
def test_what_is_no_number_is_not_read_as_one(value: object) -> None:
    assert parsing.numbers(pd.Series([value, 1.5], dtype=object)).bad.tolist() == [True, False]
