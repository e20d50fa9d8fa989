"""The notebook that asks and shows passages and traces runs to its end; it is committed bare."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from answer_package import REPOSITORY, built
from nbclient import NotebookClient

NOTEBOOK = REPOSITORY / "notebooks" / "ask.ipynb"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository whose last run has built the tests' package."""
    root = tmp_path / "project"
    for package in ("mlops", "source"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / package, root / package, ignore=ignored)
    for folder in ("config", "notebooks", ".local"):
        (root / folder).mkdir()
    (root / "config/pipeline.yaml").write_text("data: {}\n", encoding="utf-8")
    last_run = {"model_data": str(built() / "package")}
    (root / ".local/last_run.json").write_text(json.dumps(last_run), encoding="utf-8")
    return root


@pytest.mark.xdist_group("answers")
def test_it_answers_and_shows_passages_and_trace(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MLOPS_LOCAL_DIR", "MLFLOW_TRACKING_URI", "MLFLOW_TRACE_SAMPLING_RATIO"):
        monkeypatch.delenv(name, raising=False)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace(
            "How do I leave a loop early?", "How are parcel rules agreed on in sales?"
        ).replace("LABELS = []", 'LABELS = ["public"]')
    resources = {"metadata": {"path": str(project / "notebooks")}}
    NotebookClient(notebook, timeout=300, resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    printed = "".join(str(output.get("text", "")) for output in outputs)
    tables = [page for output in outputs if (page := output.get("data", {}).get("text/html"))]
    assert "documents: 6 (en)" in printed and "public/sales.md, characters" in printed
    assert "The parcel rules of sales" in printed and ": answered" in printed
    passages, trace, several = tables
    assert passages.count("<tr>") == 6 and "public/sales.md" in passages
    assert [name for name in ("answer", "retrieve", "generate") if name not in trace] == []
    assert trace.count("<tr>") == 4 and several.count("<tr>") == 4
    assert "The documents do not answer this question." in several


def test_it_is_committed_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code and all(cell.outputs == [] and cell.execution_count is None for cell in code)
