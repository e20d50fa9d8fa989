"""Ingest as the pipeline starts it: documents and a report, or a report that says why not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from built_packages import Run, write_settings
from corpus_files import LOREM, article, articles, write

from source import ingest
from source.documents import read_documents
from source.encoder_fitted import FittedEncoder
from source.index_settings import EmbeddingSettings
from source.ingest_settings import DataSettings
from source.sample_corpus import write_sample


def start(folder: Path, data: Mapping[str, Any] | None = None) -> None:
    settings = write_settings(folder / "settings.json", data=data or {})
    ingest.main(
        [
            *("--input", str(folder / "in"), "--output", str(folder / "out")),
            *("--previous", str(folder / "none"), "--encoder", str(folder / "none")),
            *("--settings", str(settings)),
        ]
    )


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setenv("MLFLOW_ARTIFACT_LOCATION", (tmp_path / "artifacts").as_uri())
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "documents")


def report(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "out" / "reports" / "report.json").read_text()))


@pytest.mark.usefixtures("store")
def test_from_files_to_documents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import mlflow

    files = {
        **articles(60),
        "copy.md": article(3) + "\n",
        "near.txt": (LOREM + " ") * 6 + "One thing more.",
        "first.txt": (LOREM + " ") * 6 + "One thing less.",
        "german.txt": "Die Straße führt über die Brücke, und drüben stehen große Bäume. " * 3,
        "broken.pdf": b"%PDF-1.4",
        "picture.png": b"\x89PNG",
    }
    write(tmp_path / "in", files)
    start(tmp_path, {"languages": ["en"]})
    found = {
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")
    }
    assert found == {
        "documents/part-000.jsonl",
        "manifest/manifest.json",
        "encoder/encoder.json",
        "encoder/vocabulary.json",
        "encoder/weights.npy",
        "encoder/directions.npy",
        "encoder/fitted_on.json",
        "reports/report.json",
        "reports/report.html",
    }
    said = report(tmp_path)
    assert said["passed"] and said["documents"] == 62 and said["files"] == 66
    assert said["exact"] == [{"id": "copy.md", "original": "a/0003.md"}]
    assert said["near"] == [{"id": "near.txt", "original": "first.txt"}]
    assert [entry["name"] for entry in said["broken"]] == ["broken.pdf"]
    assert [entry["name"] for entry in said["skipped"]] == ["picture.png"]
    assert [entry["name"] for entry in said["other_languages"]] == ["german.txt"]
    assert said["manifest"]["added"] == 62
    assert len(list(read_documents(tmp_path / "out" / "documents"))) == 62
    assert "broken.pdf" in capsys.readouterr().out
    page = (tmp_path / "out" / "reports" / "report.html").read_text()
    assert "The corpus can be used" in page and "german.txt" in page
    (run,) = mlflow.search_runs(experiment_names=["documents"], output_format="list")
    assert run.data.metrics["documents"] == 62 and run.data.metrics["broken_documents"] == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"max_broken_share": 0.05}, "2 of 12 documents are broken (b.pdf: it cannot be read"),
        ({"max_broken_share": 0.5, "minimum_documents": 11}, "10 documents can be used"),
        ({"max_broken_share": 2}, "data.max_broken_share: 2; use a share"),
        ({"max_borken_share": 1}, "data: unknown ['max_borken_share']"),
    ],
)
def test_a_bound_that_is_crossed_ends_the_run_with_its_reason(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    data: dict[str, Any],
    message: str,
) -> None:
    monkeypatch.setenv("SM_OUTPUT_DIR", str(tmp_path))
    write(tmp_path / "in", {**articles(10), "b.pdf": b"%PDF-1.4", "c.txt": b"\0"})
    with pytest.raises(SystemExit) as ended:
        start(tmp_path, data)
    assert ended.value.code == 1
    assert message in capsys.readouterr().err
    assert message in (tmp_path / "message").read_text()
    written = tmp_path / "out"
    assert not written.exists() or {path.name for path in written.iterdir()} == {"reports"}


def test_a_copy_with_other_labels_is_no_copy(tmp_path: Path) -> None:
    corpus = write(
        tmp_path / "in", {"hr/a.md": article(1), "legal/a.md": article(1), **articles(9)}
    )
    run = Run(tmp_path / "run", corpus, data=DataSettings(label_rule="folder"))
    assert [copy.id for copy in run.ingest().exact] == []
    plain = Run(tmp_path / "plain", corpus)
    assert {copy.id for copy in plain.ingest().exact} == {"hr/a.md", "legal/a.md"}


def test_the_fitted_encoder_is_kept_until_the_corpus_has_changed(tmp_path: Path) -> None:
    def fitted(run: Run) -> str:
        return FittedEncoder.load(run.folder / "encoder").fingerprint

    corpus = write(tmp_path / "in", articles(20))
    first = Run(tmp_path / "1", corpus)
    first.ingest()
    write(corpus, {"new.md": article(50)})
    second = Run(tmp_path / "2", corpus, previous=first.folder)
    said = second.ingest()
    assert fitted(second) == fitted(first) and "kept from the last run" in str(said.encoder)
    write(corpus, {f"b/{n}.md": article(n) for n in range(60, 80)})
    third = Run(tmp_path / "3", corpus, previous=second.folder)
    said = third.ingest()
    assert fitted(third) != fitted(first) and "51.2% of the documents" in str(said.encoder)
    other = EmbeddingSettings(dimension=16)
    fourth = Run(tmp_path / "4", corpus, previous=third.folder, embedding=other)
    fourth.ingest()
    assert FittedEncoder.load(fourth.folder / "encoder").dimension == 16


def test_the_sample_corpus_is_pythons_own_and_says_so(tmp_path: Path) -> None:
    folder = write_sample(tmp_path / "corpus")
    again = write_sample(tmp_path / "again")
    names = sorted(path.name for path in folder.iterdir())
    assert [(folder / n).read_bytes() for n in names] == [(again / n).read_bytes() for n in names]
    licence = " ".join((folder / "_LICENCE.md").read_text().split())
    assert "Python Software Foundation License Version 2" in licence
    said = Run(tmp_path / "run", folder).ingest()
    assert said.documents >= 70 and not said.broken and said.languages.keys() == {"en"}
    documents = {d.id: d for d in read_documents(tmp_path / "run" / "documents")}
    assert documents["with.txt"].title == 'The "with" statement'
    assert sum(len(d.sections) for d in documents.values()) > 200
