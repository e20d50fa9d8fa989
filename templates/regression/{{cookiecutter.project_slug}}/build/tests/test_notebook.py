"""The exploration notebook runs from top to bottom on the sample; it is committed bare."""

from __future__ import annotations

from pathlib import Path

import nbformat
import yaml
from nbclient import NotebookClient
from pipeline_project import REPOSITORY, write_project

from source.data import TARGET, write_sample

NOTEBOOK = REPOSITORY / "notebooks" / "explore.ipynb"


def test_it_runs_on_the_sample(tmp_path: Path) -> None:
    config = {
        "data": {"source": "data/diabetes.csv", "target": TARGET},
        "train": {"candidates": {"linear": {}, "xgboost": {"n_estimators": 30}}, "folds": 3},
    }
    root = write_project(tmp_path / "project", config=config)
    write_sample(root / "data" / "diabetes.csv")
    assert yaml.safe_load((root / "config" / "pipeline.yaml").read_text())["data"]["target"]
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    folder = root / "notebooks"
    folder.mkdir()
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
    client.execute()
    printed = [
        output.get("text", "") + output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    ]
    text = "\n".join(printed)
    assert "442 rows in 1 file(s)" in text
    assert "is chosen" in text
    pictures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 3
    assert not [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output["output_type"] == "stream" and output["name"] == "stderr"
    ]


def test_it_is_committed_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code and all(cell.outputs == [] and cell.execution_count is None for cell in code)
