"""The baseline documents: Model Monitor's shape, and numbers that add up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tables import split_rents

from source import baseline
from source.numeric_statistics import numeric_statistics
from source.synthetic import TARGET


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    split, schema = split_rents(400)
    folder: Path = tmp_path_factory.mktemp("baseline")
    baseline.write(split.train, schema, folder)
    statistics, constraints = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("statistics", "constraints")
    )
    return statistics, constraints


def test_every_feature_is_described_and_counts_add_up(
    documents: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    statistics, constraints = documents
    split, schema = split_rents(400)
    rows = statistics["dataset"]["item_count"]
    assert rows == len(split.train)
    assert [f["name"] for f in statistics["features"]] == schema.features
    assert [f["name"] for f in constraints["features"]] == schema.features
    for feature in [*statistics["features"], statistics["target"]]:
        numeric = feature.get("numerical_statistics")
        described = numeric or feature["string_statistics"]
        common = described["common"]
        assert common["num_present"] + common["num_missing"] == rows
        distribution = described["distribution"]
        buckets = (distribution["kll"] if numeric else distribution["categorical"])["buckets"]
        assert sum(bucket["count"] for bucket in buckets) == common["num_present"]


def test_numbers_agree_with_the_training_rows(
    documents: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    statistics, constraints = documents
    train = split_rents(400)[0].train
    by_name = {feature["name"]: feature for feature in statistics["features"]}
    area = by_name["area"]["numerical_statistics"]
    assert area["mean"] == pytest.approx(train["area"].mean())
    assert area["std_dev"] == pytest.approx(train["area"].std(ddof=0))
    assert (area["min"], area["max"]) == (train["area"].min(), train["area"].max())
    counts = [bucket["count"] for bucket in area["distribution"]["kll"]["buckets"]]
    assert len(counts) == 10 and max(counts) - min(counts) <= 3  # deciles
    districts = by_name["district"]["string_statistics"]["distribution"]["categorical"]["buckets"]
    assert {b["value"]: b["count"] for b in districts} == train["district"].value_counts().to_dict()
    assert by_name["floor"]["inferred_type"] == "Integral"
    assert by_name["lift"]["inferred_type"] == "String"
    assert statistics["target"]["name"] == TARGET
    limits = {feature["name"]: feature for feature in constraints["features"]}
    assert limits["area"]["completeness"] == pytest.approx(train["area"].notna().mean(), abs=1e-6)
    assert limits["area"]["num_constraints"] == {"is_non_negative": True}
    assert "Centre" in limits["district"]["string_constraints"]["domains"]
    assert "string_constraints" not in limits["street"]  # too many to list


@pytest.mark.parametrize(
    "values", [[np.nan, np.nan], [3.0, 3.0, 3.0], [0.0] * 50 + [1.0], [1e100, -1e100]]
)
def test_odd_columns_are_described_too(values: list[float]) -> None:
    described = numeric_statistics(pd.Series(values))
    json.dumps(described, allow_nan=False)
    present = sum(not np.isnan(value) for value in values)
    buckets = described.get("distribution", {}).get("kll", {}).get("buckets", [])
    assert sum(bucket["count"] for bucket in buckets) == present
