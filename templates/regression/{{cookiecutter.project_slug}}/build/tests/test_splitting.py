"""Rows are dealt the same way every time, and what belongs together stays together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tables import typed

from source.sections import SplitSettings
from source.splitting import SMALL, Split, SplitError, split_rows

SETTINGS = SplitSettings(validation=0.2, test=0.2)


def numbered(rows: int, start: int = 0) -> pd.DataFrame:
    number = np.arange(start, start + rows)
    return pd.DataFrame({"number": number % 97 + number / 1e6, "y": (number * 7919 % 1000) / 10})


def sides(split: Split) -> dict[str, set[float]]:
    return {name: set(frame["number"]) for name, frame in split.items()}


def test_every_row_is_on_exactly_one_side() -> None:
    frame, schema = typed(numbered(500))
    split = split_rows(frame, schema, SETTINGS)
    assert [len(side) for _, side in split.items()] == [300, 100, 100]
    together = pd.concat([side for _, side in split.items()])
    assert sorted(together["number"]) == sorted(frame["number"])


def test_the_order_of_rows_and_columns_changes_nothing() -> None:
    frame, schema = typed(numbered(500))
    shuffled = frame.sample(frac=1, random_state=3)[["y", "number"]]
    expected = split_rows(frame, schema, SETTINGS)
    for name, side in split_rows(shuffled, schema, SETTINGS).items():
        pd.testing.assert_frame_equal(side[["number", "y"]], getattr(expected, name))


def test_another_seed_deals_otherwise() -> None:
    frame, schema = typed(numbered(500))
    one = sides(split_rows(frame, schema, SETTINGS))
    other = sides(split_rows(frame, schema, SplitSettings(seed=18)))
    shared = len(one["test"] & other["test"])
    assert 5 <= shared <= 40  # about 20 of 100 by chance


def test_rows_keep_their_side_when_the_table_grows() -> None:
    frame, schema = typed(numbered(2 * SMALL))
    before = sides(split_rows(frame, schema, SETTINGS))
    grown = pd.concat([frame, typed(numbered(500, start=2 * SMALL))[0]])
    after = sides(split_rows(grown, schema, SETTINGS))
    for name, numbers in before.items():
        assert numbers <= after[name]


def test_copies_of_a_row_stay_together() -> None:
    frame, schema = typed(pd.concat([numbered(100)] * 3, ignore_index=True))
    one, two, three = sides(split_rows(frame, schema, SETTINGS)).values()
    assert not one & two and not one & three and not two & three


def test_groups_do_not_straddle() -> None:
    frame = numbered(600).assign(patient=[f"p{n % 40}" for n in range(600)])
    frame, schema = typed(frame, group_column="patient")
    split = split_rows(frame, schema, SETTINGS)
    groups = [set(side["patient"]) for _, side in split.items()]
    assert sum(map(len, groups)) == 40
    assert len(split.test) == pytest.approx(120, abs=30)


def test_by_time_the_test_rows_are_the_latest_and_equal_times_stay_together() -> None:
    days = pd.Series(pd.date_range("2024-01-01", periods=50)).sample(
        400, replace=True, random_state=1
    )
    frame, schema = typed(numbered(400).assign(day=days.to_numpy()), time_column="day")
    split = split_rows(frame, schema, SETTINGS)
    assert split.train["day"].max() < split.validation["day"].min()
    assert split.validation["day"].max() < split.test["day"].min()
    assert split.train["day"].is_monotonic_increasing


def test_a_side_that_gets_no_rows_is_an_error_that_names_it() -> None:
    frame = numbered(100).assign(site=["only one"] * 99 + ["another"])
    frame, schema = typed(frame, group_column="site")
    with pytest.raises(SplitError, match=r"split by site: .* gets 0 of 100 rows"):
        split_rows(frame, schema, SETTINGS)
