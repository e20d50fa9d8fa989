"""The encoding of a table: what is learnt, from which rows, and what happens to the unseen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tables import split_rents, typed

from source.features import MAX_LABELS, TableEncoder
from source.schema import InvalidRecords
from source.synthetic import TARGET

RANDOM = np.random.default_rng(0)


def encoded(
    frame: pd.DataFrame, new: pd.DataFrame | None = None, **settings: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Matrices of the training rows and of `new` ones, with the features' names as columns."""
    linear = settings.pop("linear", False)
    rows, schema = typed(frame, **settings)
    encoder = TableEncoder(schema, linear=linear)
    matrix = encoder.fit_transform(rows, rows["y"])
    other = encoder.transform(rows if new is None else schema.read_records(new))
    names = encoder.feature_names_
    assert len(names) == len(set(names)) == len(encoder.sources_)
    return pd.DataFrame(matrix, columns=names), pd.DataFrame(other, columns=names)


def table(rows: int = 100, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({**columns, "y": RANDOM.normal(size=rows)})


def test_nothing_is_learnt_from_rows_that_are_not_fitted() -> None:
    split, schema = split_rents()
    train, test = split.train, split.test.copy()
    encoder = TableEncoder(schema, linear=True).fit(train, train[TARGET])
    learnt = {name: np.array(value) for name, value in vars(encoder).items() if name.endswith("_")}
    first = encoder.transform(test)
    # Extreme test rows change neither what was learnt nor how other rows are encoded.
    test.loc[1:, "area"] = 1e6
    test.loc[1:, "district"] = "Atlantis"
    second = encoder.transform(test)
    np.testing.assert_array_equal(first[0], second[0])
    for name, value in learnt.items():
        if value.dtype.kind == "f":
            np.testing.assert_array_equal(value, getattr(encoder, name))
    assert encoder.means_[encoder.feature_names_.index("area")] == pytest.approx(
        train["area"].fillna(train["area"].median()).mean()
    )


def test_trees_keep_missing_numbers_and_linear_models_fill_and_mark_them() -> None:
    size = pd.Series(RANDOM.normal(10, 2, size=100)).mask(np.arange(100) < 20)
    trees, _ = encoded(table(size=size))
    assert trees["size"].isna().sum() == 20
    linear, _ = encoded(table(size=size), linear=True)
    assert not linear.isna().any(axis=None)
    assert (linear["size missing"] > 0).sum() == 20
    assert linear["size"].std(ddof=0) == pytest.approx(1)
    assert linear["size"][:20].nunique() == 1


def test_labels_that_are_rare_unknown_or_missing_have_a_place() -> None:
    colour = ["red"] * 50 + ["blue"] * 40 + ["teal", "plum"] + [None] * 8
    new = pd.DataFrame({"colour": ["red", "teal", "never seen", None]})
    _, other = encoded(table(colour=colour), new)
    assert list(other.columns) == [
        "colour = (missing)",
        "colour = blue",
        "colour = red",
        "colour = (rare)",
    ]
    assert other.idxmax(axis=1).tolist() == [
        "colour = red",
        "colour = (rare)",
        "colour = (rare)",
        "colour = (missing)",
    ]


def test_many_labels_are_bounded_and_carry_their_effect() -> None:
    street = RANDOM.integers(0, 60, size=1500)
    frame = pd.DataFrame({"street": [f"s{n}" for n in street], "y": street * 10.0})
    frame["y"] += RANDOM.normal(size=1500)
    fitted, other = encoded(frame, pd.DataFrame({"street": ["s3", "s50", "never seen"]}))
    assert fitted.shape[1] <= MAX_LABELS + 1
    low, high, unknown = other["street effect"]
    assert low < 60 and high > 450
    assert unknown == pytest.approx(frame["y"].mean(), rel=0.01)


def test_an_effect_is_never_learnt_from_the_row_itself() -> None:
    # 40 labels of 5 rows each and a target of pure noise: there is nothing to learn.
    frame = pd.DataFrame({"label": [f"l{n % 40}" for n in range(200)]})
    frame["y"] = RANDOM.normal(size=200)
    fitted, _ = encoded(frame)
    assert abs(np.corrcoef(fitted["label effect"], frame["y"])[0, 1]) < 0.25


def test_dates_become_days_and_points_on_circles() -> None:
    days = pd.date_range("2024-01-01", periods=100, freq="5D").strftime("%Y-%m-%d")
    fitted, _ = encoded(table(day=days))
    assert fitted["day days"].tolist() == list(np.arange(100) * 5.0)
    circle = fitted["day month sin"] ** 2 + fitted["day month cos"] ** 2
    np.testing.assert_allclose(circle, 1)
    december, january = fitted.iloc[70], fitted.iloc[73]  # 2024-12-16, 2024-12-31
    assert abs(december["day month cos"] - january["day month cos"]) < 0.2
    assert "day hour sin" not in fitted
    hours = pd.date_range("2024-01-01", periods=100, freq="7h").strftime("%Y-%m-%dT%H:%M")
    assert "at hour sin" in encoded(table(at=hours))[0]


def test_booleans_are_numbers_with_gaps() -> None:
    fitted, other = encoded(
        table(lift=["yes", "no", "", "yes"] * 25), pd.DataFrame({"lift": [True, "no", None, 1]})
    )
    assert fitted["lift"][:2].tolist() == [1, 0] and np.isnan(fitted["lift"][2])
    np.testing.assert_array_equal(other["lift"], [1, 0, np.nan, 1])


@pytest.mark.parametrize("linear", [True, False])
def test_a_column_that_is_empty_in_the_fitted_rows_does_no_harm(linear: bool) -> None:
    frame, schema = typed(table(a=RANDOM.normal(size=100), b=RANDOM.normal(size=100)))
    part = frame[:50].assign(b=np.nan)
    encoder = TableEncoder(schema, linear=linear)
    encoder.fit(part, part["y"])
    assert encoder.transform(frame).shape == (100, 2)
    if linear:
        assert np.isfinite(encoder.transform(frame)).all()


def test_records_that_do_not_fit_name_every_column() -> None:
    _, schema = typed(table(a=RANDOM.normal(size=100), b=["x", "y"] * 50, c=["yes", "no"] * 50))
    with pytest.raises(InvalidRecords) as caught:
        schema.read_records(pd.DataFrame({"a": [1.0, "wide"], "c": ["yes", "perhaps"]}))
    assert str(caught.value) == (
        "column 'b' is missing; column 'a', record 1: \"wide\" is not a number; "
        "column 'c', record 1: \"perhaps\" is not true or false"
    )
