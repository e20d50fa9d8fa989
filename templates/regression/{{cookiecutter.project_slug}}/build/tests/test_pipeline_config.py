"""`config/pipeline.yaml`: what it gives each step, and what it says about every mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops.errors import CommandError
from pipeline.config import PipelineConfig, load_config
from pipeline.configuration import CONFIG_FILE
from source.settings import (
    GateSettings,
    SplitSettings,
    TrainSettings,
    data_settings,
    gate_settings,
    split_settings,
    train_settings,
)

GOOD = {
    "data": {"source": "data/houses.csv", "target": "price"},
    "gate": {"metric": "mae", "bound": 12.5},
}


def load(tmp_path: Path, **sections: Any) -> PipelineConfig:
    path = tmp_path / "pipeline.yaml"
    path.write_text(yaml.safe_dump(GOOD | sections), encoding="utf-8")
    return load_config(path)


def test_the_repository_s_own_file_is_valid() -> None:
    config = load_config(CONFIG_FILE)
    assert config.data.target
    assert config.data.kind in ("file", "s3", "athena")


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
    assert (train.metric, train.linear) == ("mae", None)
    assert train.xgboost is not None
    assert train.xgboost.max_depth == 7
    assert gate_settings(config.for_step("Evaluate"), bound=3.0).bound == 3.0
    assert data_settings(config.for_step("Evaluate")).target == "price"


def test_what_is_left_out_has_the_steps_own_defaults(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert split_settings(config.for_step("Prepare")) == SplitSettings()
    assert train_settings(config.for_step("Train")) == TrainSettings(metric="mae")
    assert gate_settings(config.for_step("Evaluate")) == GateSettings(metric="mae")


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
        ({"data": {"source": "../d.csv", "target": "a"}}, "use a path inside the repository"),
        ({"data": {"source": "s3://bucket", "target": "a"}}, "write s3://bucket/key"),
        ({"data": {"source": "athena://only", "target": "a"}}, "write athena://database/table"),
        (
            {"data": {"source": "d.csv", "target": "a", "query": "SELECT 1"}},
            "query goes with an athena:",
        ),
        (
            {"data": {"source": "athena://d/t", "target": "a", "query": "x" * 5000}},
            "data.query: 'xxx",
        ),
        ({"gate": {"metric": "rmsee"}}, "gate.metric: 'rmsee' is wrong; input should be"),
        ({"gate": {"metric": "rmse", "bound": "low"}}, "gate.bound: 'low' is wrong"),
        ({"gate": {"metric": "rmse", "bound": float("nan")}}, "gate.bound: nan is wrong"),
        ({"split": {"test": 0.9}}, "split.test: 0.9 is wrong"),
        ({"split": []}, "split: [] is not a section"),
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
        ({"compute": {"network": {"subnets": ["subnet-1"]}}}, "needs both subnets and security"),
        ({"compute": {"network": {"isolated": True}}}, "set image to one that has them"),
        ({"compte": {}}, "compte: unknown key; did you mean 'compute'?"),
    ],
)
def test_mistakes_name_the_key_the_value_and_the_fix(
    tmp_path: Path, sections: dict[str, Any], message: str
) -> None:
    with pytest.raises(CommandError) as caught:
        load(tmp_path, **sections)
    assert message in str(caught.value)
    assert str(tmp_path / "pipeline.yaml") in str(caught.value)
    assert caught.value.exit_code == 2


def test_every_mistake_is_listed_at_once(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        load(tmp_path, gate={"metric": "rmse", "bond": 1}, compute={"cache_days": -1})
    assert "gate.bond" in str(caught.value)
    assert "compute.cache_days" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data: [", "is not YAML"),
        ("data: {}\ndata: {}\n", "key 'data' is given twice"),
        ("- data\n", "must hold the sections"),
        ("", "must hold the sections"),
    ],
)
def test_files_that_are_no_configuration(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=message):
        load_config(path)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot read .*absent\.yaml"):
        load_config(tmp_path / "absent.yaml")
