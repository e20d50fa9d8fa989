"""`make questions`: which index it asks about, and what it says when there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from sample_project import CONFIG

from pipeline.questions import main


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/pipeline.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLOPS_LOCAL_DIR", raising=False)
    return tmp_path


def ended(repository: Path, **summary: str | None) -> None:
    (repository / ".local").mkdir()
    record = {"execution_id": "abc", "model_data": None, "failure_reason": None} | summary
    (repository / ".local/last_run.json").write_text(json.dumps(record), encoding="utf-8")


def test_without_a_run_there_is_nothing_to_ask_about(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 1
    assert "there is no index yet: no local run has ended here yet: `make run`" in (
        capsys.readouterr().err
    )


def test_a_run_that_ended_early_says_why(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended(repository, failure_reason="Ingest: 3 problem(s)")
    assert main([]) == 1
    assert "run abc made no index: Ingest: 3 problem(s)" in capsys.readouterr().err


def test_a_wrong_configuration_is_said_first(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "config/pipeline.yaml").write_text("data: {}", encoding="utf-8")
    assert main([]) == 2
    assert "data.source: missing" in capsys.readouterr().err


def test_the_last_run_s_index_is_opened(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is no index is refused by its name, so the right folder was looked at."""
    ended(repository, model_data=str(repository / "runs/abc/package"))
    with pytest.raises(SystemExit):
        main([])
    assert str(repository / "runs/abc/package") in capsys.readouterr().err
