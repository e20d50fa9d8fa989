"""What holds for `config/pipeline.yaml` whatever the pipeline makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pipeline_project import refusal
from sample_project import CONFIG

from mlops.errors import CommandError
from pipeline.config import load_config
from pipeline.configuration import CONFIG_FILE

SOURCE = CONFIG["data"]


def test_the_repository_s_own_file_is_valid_and_complete() -> None:
    """Every key of a section is in the file, so that nobody has to look for it elsewhere."""
    config = load_config(CONFIG_FILE)
    given = yaml.safe_load(CONFIG_FILE.read_text(encoding="utf-8"))
    known = config.model_dump(mode="json", by_alias=True)
    assert set(given) == set(known)
    for section, keys in known.items():
        assert set(given[section]) == set(keys), section


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"data": {}}, "data.source: missing"),
        (
            {"data": SOURCE | {"source": f"../{SOURCE['source']}"}},
            "use a path inside the repository",
        ),
        ({"data": SOURCE | {"source": "s3://bucket"}}, "write s3://bucket/key"),
        ({"data": SOURCE | {"source": "athena://only"}}, "write athena://database/table"),
        ({"data": SOURCE | {"query": "SELECT 1"}}, "query goes with an athena:// source only"),
        (
            {"data": SOURCE | {"source": "athena://d/t", "query": "x" * 5000}},
            "data.query: 'xxx",
        ),
        ({"gate": CONFIG["gate"] | {"bound": "low"}}, "gate.bound: 'low' is wrong"),
        ({"gate": CONFIG["gate"] | {"bound": float("nan")}}, "gate.bound: nan is wrong"),
        ({"gate": []}, "gate: [] is not a section"),
        ({"gat": {}}, "gat: unknown key; did you mean 'gate'?"),
        ({"compute": {"network": {"subnets": ["subnet-1"]}}}, "needs both subnets and security"),
        ({"compute": {"network": {"isolated": True}}}, "set image to one that has them"),
    ],
)
def test_mistakes_name_the_key_the_value_and_the_fix(
    tmp_path: Path, sections: dict[str, Any], message: str
) -> None:
    assert message in refusal(tmp_path, **sections)


def test_every_mistake_is_listed_at_once(tmp_path: Path) -> None:
    said = refusal(tmp_path, gate=CONFIG["gate"] | {"bond": 1}, compute={"cache_days": -1})
    assert "gate.bond: unknown key; did you mean 'bound'?" in said
    assert "compute.cache_days" in said


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
