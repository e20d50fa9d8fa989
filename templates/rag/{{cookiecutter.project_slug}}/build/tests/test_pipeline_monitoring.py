"""`make monitor`, `make feedback`, and where `make serve` keeps what they read."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from answer_package import built
from pipeline_project import FACTS, REPOSITORY
from sample_project import CONFIG

from pipeline.config import load_config
from pipeline.monitor_config import Monitor
from pipeline.monitoring import main
from source.capture import CaptureFile
from source.monitor_settings import MonitorSettings, monitor_settings


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose last run has built the tests' package."""
    (tmp_path / "config").mkdir()
    config = CONFIG | {"monitor": {"min_questions": 40, "reference_days": 3}}
    (tmp_path / "config/pipeline.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (tmp_path / "cicd-config.json").write_text(json.dumps(FACTS), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLOPS_LOCAL_DIR", raising=False)
    monkeypatch.delenv("CAPTURE", raising=False)
    monkeypatch.setenv("PROJECT_NAME", "ships")
    monkeypatch.delenv("PROJECT_NAME")
    return tmp_path


def test_both_sides_have_the_same_keys_and_defaults() -> None:
    assert Monitor().model_dump() == asdict(MonitorSettings())
    assert monitor_settings({"monitor": Monitor().model_dump()}) == MonitorSettings()


def test_the_index_brings_the_bounds_into_the_package(repository: Path) -> None:
    section = load_config().for_step("Index")["monitor"]
    assert monitor_settings({"monitor": section}).min_questions == 40


@pytest.mark.xdist_group("answers")
def test_the_report_is_written_with_the_bounds_of_the_configuration(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    capture = CaptureFile(repository / "captured")
    for number in range(3):
        answer = {"trace_id": f"tr-{number:032x}", "passages": [], "refused": True}
        capture.write({"question": f"Who {number}?"}, answer)
    monkeypatch.setenv("CAPTURE", str(repository / "captured"))
    assert main([f"--package={built() / 'package'}"]) == 0
    said = capsys.readouterr().out
    assert "3 different questions were captured, 40 are needed" in said
    page = (repository / ".local/monitor/report.html").read_text(encoding="utf-8")
    assert f"<h1>{FACTS['project']['slug']}: what it is asked</h1>" in page
    document = json.loads((repository / ".local/monitor/monitor.json").read_text("utf-8"))
    assert document["reference"]["name"] == "those of the 3 days before"


def test_without_a_package_there_is_nothing_to_compare_with(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 1
    assert "there is no model to serve: no local run has ended here yet" in capsys.readouterr().err


def test_a_place_without_captured_data_is_named(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAPTURE", "nowhere")
    with pytest.raises(SystemExit) as end:
        main([f"--package={built() / 'package'}"])
    assert end.value.code == 1
    assert "CAPTURE is 'nowhere': there is no such folder" in capsys.readouterr().err


@pytest.fixture
def printing(tmp_path: Path) -> Path:
    """The Makefile with an interpreter that prints what it was given."""
    folder = tmp_path / "my index"
    (folder / "env/bin").mkdir(parents=True)
    for name in ("Makefile", "commands.mk", "requirements.txt"):
        (folder / name).write_bytes((REPOSITORY / name).read_bytes())
    script = folder / "env/bin/python"
    script.write_text('#!/bin/sh\necho "$*|$CAPTURE|$CAPTURE_DIR"\n')
    script.chmod(0o755)
    return folder


def make(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    found = subprocess.run(
        ["make", "--print-data-base", "--question", "VENV=env"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
        check=False,
    )
    (ready,) = (
        line.partition(" := ")[2]
        for line in found.stdout.splitlines()
        if line.startswith("PINS := ")
    )
    (folder / f"env/.ready-{ready}").touch()
    done = subprocess.run(
        ["make", "VENV=env", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], **(environment or {})},
        check=True,
    )
    return done.stdout.strip()


def test_the_local_server_keeps_what_the_other_two_read(printing: Path) -> None:
    assert make(printing, "serve") == "-m mlops serve|.local/capture|.local/capture"
    assert make(printing, "feedback") == "-m source.feedback|.local/capture|"
    assert make(printing, "monitor") == "-m pipeline.monitoring|.local/capture|"
    elsewhere = {"MLOPS_LOCAL_DIR": "/tmp/elsewhere"}
    assert make(printing, "serve", environment=elsewhere).endswith("|/tmp/elsewhere/capture")


@pytest.mark.parametrize("target", ["feedback", "monitor"])
@pytest.mark.parametrize("place", ["s3://bucket/a prefix", "a'b; touch x", '"`touch x`"'])
def test_what_is_named_reaches_the_job_as_it_is(target: str, place: str, printing: Path) -> None:
    said = make(printing, target, f"CAPTURE={place}")
    assert said.split("|")[1] == place
    assert make(printing, target, environment={"CAPTURE": place}) == said
    assert not (printing / "x").exists()


def test_a_folder_for_the_capture_can_be_chosen(printing: Path) -> None:
    assert make(printing, "serve", environment={"CAPTURE_DIR": "kept"}).endswith("|kept")


def test_the_commands_are_listed(printing: Path) -> None:
    said = make(printing, "help")
    assert "  make feedback  turn answers" in said and "  make monitor   look at what" in said
