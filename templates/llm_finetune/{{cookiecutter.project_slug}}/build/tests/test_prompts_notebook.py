"""The notebook that compares base and tuned model runs from top to bottom; it is committed bare."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest
import yaml
from nbclient import NotebookClient
from tuning import REPOSITORY, Tuning

NOTEBOOK = REPOSITORY / "notebooks" / "prompts.ipynb"


@pytest.fixture
def project(tuned: Tuning, tmp_path: Path) -> Path:
    """A repository whose last run has trained the tests' tuned model."""
    root = tmp_path / "project"
    for package in ("mlops", "pipeline", "source"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / package, root / package, ignore=ignored)
    shutil.copytree(tuned.base, root / "models/tiny")
    config = {
        "data": {"source": "data/rows.jsonl"},
        "model": {"source": "models/tiny", "max_length": 64},
    }
    for folder in ("config", "notebooks", ".local"):
        (root / folder).mkdir()
    (root / "config/pipeline.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    last_run = {"model_data": str(tuned.model)}
    (root / ".local/last_run.json").write_text(json.dumps(last_run), encoding="utf-8")
    return root


@pytest.mark.xdist_group("train")
def test_it_shows_both_models_side_by_side(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLOPS_LOCAL_DIR", raising=False)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    resources = {"metadata": {"path": str(project / "notebooks")}}
    NotebookClient(notebook, timeout=300, resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    printed = "".join(output.get("text", "") for output in outputs)
    tables = [page for output in outputs if (page := output.get("data", {}).get("text/html"))]
    assert "base:  models/tiny, 0.3 million parameters" in printed
    assert len(tables) == 1 and tables[0].count("<tr>") == 4
    assert "&quot;" in tables[0] or "Please send 4 lamps" in tables[0]
    assert printed.count("tuned ") >= 2
    assert not [output for output in outputs if output.get("name") == "stderr"]


def test_it_is_committed_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code and all(cell.outputs == [] and cell.execution_count is None for cell in code)
