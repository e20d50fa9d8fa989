"""`config/pipeline.yaml`: what it gives each step, and what it says about every mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pipeline_project import load, refusal

from source.sections import (
    GateSettings,
    SplitSettings,
    TrainSettings,
    data_settings,
    gate_settings,
    split_settings,
    train_settings,
)


def test_steps_get_what_they_read_and_nothing_else(tmp_path: Path) -> None:
    config = load(tmp_path)
    given = {step: config.for_step(step) for step in ("Prepare", "Train", "Evaluate")}
    assert {step: set(sections) for step, sections in given.items()} == {
        "Prepare": {"data", "split"},
        "Train": {"train", "gate"},
        "Evaluate": {"data", "gate"},
    }
    assert given["Prepare"]["data"]["target"] == "price"
    assert "source" not in given["Prepare"]["data"]
    assert "bound" not in given["Evaluate"]["gate"]


def test_steps_understand_what_they_are_given(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        data={"source": "d.csv", "target": "price", "kinds": {"sold": "date:%d/%m/%Y"}},
        split={"test": 0.3},
        train={"candidates": {"xgboost": {"max_depth": 7}}},
    )
    data = data_settings(config.for_step("Prepare"))
    assert (data.target, dict(data.kinds)) == ("price", {"sold": "date:%d/%m/%Y"})
    assert split_settings(config.for_step("Prepare")).test == 0.3
    train = train_settings(config.for_step("Train"))
    assert (train.metric, train.linear) == ("rmse", None)
    assert train.xgboost is not None
    assert train.xgboost.max_depth == 7
    assert gate_settings(config.for_step("Evaluate"), bound=3.0).bound == 3.0
    assert data_settings(config.for_step("Evaluate")).target == "price"


def test_what_is_left_out_has_the_steps_own_defaults(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert split_settings(config.for_step("Prepare")) == SplitSettings()
    assert train_settings(config.for_step("Train")) == TrainSettings(metric="rmse")
    assert gate_settings(config.for_step("Evaluate")) == GateSettings(metric="rmse")


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("data/houses.csv", "file"),
        ("data/houses.parquet", "file"),
        ("s3://bucket/prefix/houses/", "s3"),
        ("athena://sales/houses", "athena"),
    ],
)
def test_kinds_of_source(tmp_path: Path, source: str, kind: str) -> None:
    config = load(tmp_path, data={"source": source, "target": "price"})
    assert config.data.kind == kind


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"data": {"source": "data/houses.csv", "taget": "price"}}, "did you mean 'target'?"),
        ({"data": {"source": "data/houses.csv", "taget": "price"}}, "data.target: missing"),
        ({"data": {"source": "d.csv", "target": True}}, "data.target: True is not text; put it"),
        ({"split": {"validation": 0.45, "test": 0.45}}, "together they must be below 0.9"),
        ({"data": {"source": "d.csv", "target": "a", "drop": "id"}}, "data.drop: 'id' is not a l"),
        (
            {"data": {"source": "d.csv", "target": "a", "drop": ["a"]}},
            "data: drop contains the targ",
        ),
        ({"data": {"source": "houses.xlsx", "target": "a"}}, "data.source: 'houses.xlsx'; use a"),
        ({"data": {"source": "/abs/d.csv", "target": "a"}}, "use a path inside the repository"),
        ({"gate": {"metric": "rmsee"}}, "gate.metric: 'rmsee' is wrong; input should be"),
        ({"split": {"test": 0.9}}, "split.test: 0.9 is wrong"),
        ({"compute": {"train": {"instance_type": "m5.large"}}}, "compute.train.instance_type: 'm5"),
        ({"compute": {"train": {"spott": True}}}, "did you mean 'spot'?"),
        (
            {
                "compute": {
                    "train": {"spot": True, "max_runtime_minutes": 60, "max_wait_minutes": 5}
                }
            },
            "max_wait_minutes (5) includes the run itself",
        ),
    ],
)
def test_mistakes_name_the_key_the_value_and_the_fix(
    tmp_path: Path, sections: dict[str, Any], message: str
) -> None:
    assert message in refusal(tmp_path, **sections)
