"""Every problem of a table is found, listed at once, and says what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tables import check, typed

from source.reading import RawTable
from source.sections import DataSettings, SplitSettings
from source.settings import SettingsError
from source.validation import validate

ROWS = 60
RANDOM = np.random.default_rng(0)


def table(**columns: Any) -> pd.DataFrame:
    usual = {
        "x": RANDOM.normal(size=ROWS).round(3),
        "colour": list("abc") * (ROWS // 3),
        "y": RANDOM.normal(size=ROWS).round(3),
    }
    return pd.DataFrame({**usual, **columns})


@pytest.mark.parametrize(
    ("frame", "settings", "code", "words"),
    [
        (table().drop(columns="y"), {}, "missing_target", "'y' is missing"),
        (table()[:0], {}, "empty_table", "no rows"),
        (table(y=None), {}, "target_all_missing", "no value in any of the 60 rows"),
        (table(y=["high", "low"] * 30), {}, "target_not_numeric", '"high"'),
        (table(y=[1.0, np.inf] * 30), {}, "target_not_numeric", "30 of 60"),
        (table(y=7), {}, "target_constant", "is 7 in every row"),
        (table()[:10], {}, "too_few_rows", "10 rows have a target"),
        (table(), {"kinds": {"colour": "numeric"}}, "wrong_type", "'colour' should be numeric"),
        (table(), {"kinds": {"color": "numeric"}}, "missing_column", "'color'"),
        (table(), {"group_column": "customer"}, "missing_column", "split.group_column"),
        (table(), {"time_column": "colour"}, "time_not_ordered", "'colour'"),
        (table()[["y"]], {}, "no_features", "no column is left"),
    ],
)
def test_errors_name_the_column_and_the_value(
    frame: pd.DataFrame, settings: dict[str, Any], code: str, words: str
) -> None:
    validated = check(frame, **settings)
    assert validated.frame is None and validated.schema is None
    found = {problem.code: problem for problem in validated.report.errors}
    assert code in found, validated.report.text()
    assert words in found[code].message
    assert found[code].fix


def test_a_copy_of_the_target_is_an_error_and_a_close_follower_a_warning() -> None:
    frame = table()
    frame["answer"] = frame["y"]
    assert [p.code for p in check(frame).report.errors] == ["target_copy"]
    frame["answer"] = 2 * frame["y"] + 0.0001 * frame["x"]
    report = check(frame).report
    assert report.passed
    assert [p.code for p in report.problems] == ["possible_leak"]


def test_a_misspelt_target_is_recognised() -> None:
    report = check(table(), target="Y_").report
    assert "did you mean 'y'?" in report.errors[0].fix
    report = check(table().rename(columns={"y": "Price"}), target="price").report
    assert "did you mean 'Price'?" in report.errors[0].fix


def test_all_problems_are_listed_at_once_errors_first() -> None:
    frame = table(y=["a"] * ROWS, empty=None, same="s", number=range(ROWS))
    report = validate(
        RawTable(frame, ("t.csv",), duplicates=("x",), partial=(("colour", "2.csv"),)),
        DataSettings(target="y", drop=("gone",)),
        SplitSettings(),
    ).report
    codes = [problem.code for problem in report.problems]
    assert set(codes) == {
        "duplicate_column",
        "missing_in_file",
        "target_not_numeric",
        "nothing_to_drop",
        "no_values",
        "constant",
        "identifier",
    }
    text = report.text()
    assert text.index("target_not_numeric") < text.index("nothing_to_drop")


def test_rows_without_target_are_dropped_and_counted() -> None:
    frame = table()
    frame["y"] = frame["y"].astype(object)
    frame.loc[:4, "y"] = ["", "NA", None, "n/a", "?"]
    validated = check(frame)
    assert validated.frame is not None
    assert validated.report.rows_without_target == 5
    assert validated.report.rows_kept == len(validated.frame) == ROWS - 5


def test_infinite_features_are_read_as_missing_with_a_warning() -> None:
    frame = table()
    frame.loc[3, "x"] = np.inf
    validated = check(frame)
    assert [problem.code for problem in validated.report.problems] == ["infinite_values"]
    assert validated.frame is not None and np.isnan(validated.frame.loc[3, "x"])


def test_dropped_columns_are_no_features_but_still_serve_segments_time_and_groups() -> None:
    days = pd.date_range("2024-01-01", periods=ROWS).strftime("%Y-%m-%d")
    frame, schema = typed(
        table(day=days, region=["n", "s"] * 30),
        drop=("day", "region"),
        segment_by=("region",),
        time_column="day",
    )
    assert schema.features == ["x", "colour"]
    assert {"day", "region"} <= set(frame.columns)
    assert frame["day"].is_monotonic_increasing
    frame, schema = typed(table(who=[f"p{n % 9}" for n in range(ROWS)]), group_column="who")
    assert "who" not in schema.features and "who" in frame


def test_rows_without_time_cannot_be_split_by_time() -> None:
    days = pd.Series(pd.date_range("2024-01-01", periods=ROWS)).astype(str)
    days[5] = ""
    report = check(table(day=days), time_column="day").report
    assert [problem.code for problem in report.errors] == ["time_missing"]


def test_the_report_is_json_that_says_what_became_of_each_column(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "validation.json"
    check(table(same=1)).report.save(path)
    document = json.loads(path.read_text())
    assert document["passed"] is True
    columns = {column["name"]: column for column in document["columns"]}
    assert columns["colour"]["kind"] == "categorical" and columns["colour"]["distinct"] == 3
    assert columns["same"]["role"] == "left out: constant"
    assert columns["y"]["role"] == "target"
    assert {"level", "code", "message", "fix", "column"} <= set(document["problems"][0])


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        (DataSettings, {"target": "y", "drop": ("y",)}, "target column 'y'"),
        (DataSettings, {"target": "y", "kinds": {"x": "number"}}, "'number'"),
        (SplitSettings, {"test": 0.0}, "split.test: 0.0"),
        (SplitSettings, {"time_column": "t", "group_column": "g"}, "exclude each other"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    kind: type[Any], values: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingsError, match=words.replace(".", r"\.")):
        kind(**values)
