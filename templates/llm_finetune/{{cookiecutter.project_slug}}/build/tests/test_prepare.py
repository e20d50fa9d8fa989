"""Prepare as the pipeline starts it: from files to splits, or to a report that says why not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlflow
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from instruction_sets import chat, pair, write_lines, write_settings

from source import prepare
from source.base_model import load_tokenizer
from source.instructions import PREFERENCES, SAMPLE, write_sample
from source.rows import load_rows
from source.tokens import ChatTokenizer

# One process makes the model and the store that these tests share.
pytestmark = [pytest.mark.usefixtures("tracking"), pytest.mark.xdist_group("prepare")]

SAMPLE_FOLDER = Path(__file__).resolve().parent.parent / SAMPLE.parent
LONG = " ".join(["word"] * 500)


class Prepared:
    """Runs Prepare in a folder of its own; keyword arguments change its settings."""

    def __init__(self, folder: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.base, self.monkeypatch = folder, base, monkeypatch
        self.data, self.output = folder / "data", folder / "output"

    def run(
        self,
        preferences: Path | None = None,
        data: Mapping[str, Any] | None = None,
        split: Mapping[str, Any] | None = None,
        max_length: int = 128,
        model: Mapping[str, Any] | None = None,
    ) -> None:
        settings = write_settings(
            self.folder / "settings.json",
            data={"minimum_rows": 20, **(data or {})},
            split=split or {},
            model=model or {"source": "models/tiny", "max_length": max_length},
        )
        arguments = {
            "input": self.data,
            "base": self.base,
            "output": self.output,
            "settings": settings,
            "preferences": preferences or self.folder / "none",
        }
        prepare.main(
            [part for key, value in arguments.items() for part in (f"--{key}", str(value))]
        )

    def refused(self, capsys: pytest.CaptureFixture[str], **settings: Any) -> str:
        """Run, expect exit code 1 and nothing but the report; returns what stderr says."""
        self.monkeypatch.setenv("SM_OUTPUT_DIR", str(self.folder))
        with pytest.raises(SystemExit) as ended:
            self.run(**settings)
        assert ended.value.code == 1
        assert {path.name for path in self.output.iterdir()} <= {"reports"}
        assert not self.report()["passed"]
        # SageMaker shows the first kilobyte as the reason of the failure.
        assert 0 < (self.folder / "message").stat().st_size <= 1000
        return capsys.readouterr().err

    def report(self) -> dict[str, Any]:
        path = self.output / "reports" / "validation.json"
        return dict(json.loads(path.read_text(encoding="utf-8")))


@pytest.fixture
def prepared(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Prepared:
    return Prepared(tmp_path / "step", tiny, monkeypatch)


def test_from_files_to_splits(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "rows")
    write_lines(prepared.data / "a.jsonl", [chat(i) for i in range(150)])
    write_lines(prepared.data / "b.jsonl", ["{broken", *(chat(i) for i in range(140, 200))])
    prepared.run()
    files = {p.relative_to(prepared.output).as_posix() for p in prepared.output.rglob("*.*")}
    assert files == {
        "train/rows.jsonl",
        "validation/rows.jsonl",
        "test/rows.jsonl",
        "preferences/train.jsonl",
        "preferences/validation.jsonl",
        "baseline/statistics.json",
        "baseline/constraints.json",
        "reports/validation.json",
        "reports/report.html",
        "reports/plots/token_lengths.png",
        "reports/plots/rows_that_fit.png",
    }
    report = prepared.report()
    assert report["passed"] and report["rows_read"] == 211 and report["exact_duplicates"] == 10
    (bad,) = report["bad"]
    assert (bad["file"], bad["number"]) == ("b.jsonl", 1)
    every = [row for s in ("train", "validation", "test") for row in load_rows(prepared.output / s)]
    assert len({row.id for row in every}) == len(every) == 200
    assert sum(side["rows"] for side in report["sides"].values()) == 200
    assert (prepared.output / "preferences" / "train.jsonl").read_text() == ""
    line = json.loads((prepared.output / "test/rows.jsonl").read_text().splitlines()[0])
    assert set(line) == {"id", "messages"} and len(line["id"]) == 16
    assert "b.jsonl row 1: not JSON" in capsys.readouterr().out
    page = (prepared.output / "reports" / "report.html").read_text(encoding="utf-8")
    assert "The data can be used" in page and "&lt;|im_start|&gt;assistant" in page
    (run,) = mlflow.search_runs(experiment_names=["rows"], output_format="list")
    assert run.data.params["data.exact_duplicates"] == "10"
    assert run.data.metrics["rows_train"] == report["sides"]["train"]["rows"]


def test_the_baseline_describes_the_training_rows(prepared: Prepared, tiny: Path) -> None:
    write_lines(prepared.data / "a.jsonl", [chat(i) for i in range(80)])
    prepared.run()
    train = load_rows(prepared.output / "train")
    lengths = ChatTokenizer(load_tokenizer(tiny)).lengths(train)
    described = json.loads((prepared.output / "baseline/statistics.json").read_text())
    features = {entry["name"]: entry["numerical_statistics"] for entry in described["features"]}
    tokens = [length.prompt for length in lengths if not isinstance(length, str)]
    assert features["prompt_tokens"]["sum"] == sum(tokens)
    assert features["completion_characters"]["max"] == max(len(row.answer) for row in train)
    buckets = features["prompt_tokens"]["distribution"]["kll"]["buckets"]
    assert sum(bucket["count"] for bucket in buckets) == len(train)
    constraints = json.loads((prepared.output / "baseline/constraints.json").read_text())
    assert [f["name"] for f in constraints["features"]] == list(features)


def test_athenas_parquet_of_lists_of_messages_is_read(prepared: Prepared) -> None:
    prepared.data.mkdir(parents=True)
    turns = [chat(i)["messages"] for i in range(80)]
    table = pa.table({"messages": turns, "day": ["2026-01-01"] * 80})
    pq.write_table(table, prepared.data / "20260101_000_abc")
    (prepared.data / "20260101_000_abc.metadata").write_bytes(b"\x08")
    prepared.run()
    assert prepared.report()["shape"] == "messages"
    assert len(load_rows(prepared.output / "train")) > 30


def test_another_tasks_rows_are_read_by_settings_alone(prepared: Prepared) -> None:
    rows = [dict(zip(("ticket", "queue"), pair(i), strict=True)) for i in range(80)]
    write_lines(prepared.data / "tickets.jsonl", rows)
    prepared.run(
        data={"columns": {"prompt": "ticket", "completion": "queue"}, "system_prompt": "Sort it."}
    )
    train = load_rows(prepared.output / "train")
    assert {row.messages[0].content for row in train} == {"Sort it."}


def test_of_a_model_on_the_hub_only_the_tokenizer_is_read(
    prepared: Prepared, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def snapshot_download(name: str, revision: str, allow_patterns: list[str]) -> str:
        asked.update(name=name, revision=revision)
        found = tmp_path / "snapshot"
        for pattern in allow_patterns:
            for path in tiny.glob(pattern):
                found.mkdir(exist_ok=True)
                shutil.copy(path, found)
        return str(found)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    write_lines(prepared.data / "a.jsonl", [chat(i) for i in range(80)])
    prepared.base = tmp_path / "no input"
    prepared.run(model={"source": "org/name", "revision": "a" * 40, "max_length": 128})
    assert asked == {"name": "org/name", "revision": "a" * 40}
    assert not list((tmp_path / "snapshot").glob("*.safetensors"))
    assert len(load_rows(prepared.output / "train")) > 30


def test_bad_rows_over_the_bound_end_the_run_with_file_row_and_reason(
    prepared: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = {"messages": [{"role": "bot", "content": "x"}]}
    lines = [chat(0), '{"messages": "caf\u00e9"', turns, *(chat(i) for i in range(1, 80))]
    path = write_lines(prepared.data / "a.jsonl", lines)
    path.write_bytes(path.read_bytes() + b'{"messages": "caf\xe9"}\n')
    text = prepared.refused(capsys)
    assert "3 of 83 rows cannot be used" in text
    assert "3.6%, and data.max_bad_share allows 1.0%" in text
    assert "a.jsonl row 2: not JSON" in text
    assert "a.jsonl row 3: message 1 has the unknown role 'bot'" in text
    assert "a.jsonl row 83: not UTF-8: byte 0xe9 at position 17; save it as UTF-8" in text
    page = (prepared.output / "reports" / "report.html").read_text(encoding="utf-8")
    assert "The data cannot be used" in page and "unknown role" in page
    prepared.run(data={"max_bad_share": 0.05})
    assert prepared.report()["bad_rows"] == 3


def test_a_prompt_longer_than_the_context_is_a_bad_row(
    prepared: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    long = {"prompt": LONG, "completion": "yes"}
    rows = [{"prompt": pair(i)[0], "completion": pair(i)[1]} for i in range(60)]
    write_lines(prepared.data / "a.jsonl", [*rows, long])
    text = prepared.refused(capsys)
    assert "a.jsonl row 61: the prompt has" in text
    assert "leaves no room for an answer within model.max_length 128" in text


def test_answers_that_are_cut_are_counted_and_bounded(
    prepared: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"prompt": pair(i)[0], "completion": pair(i)[1]} for i in range(60)]
    rows += [{"prompt": f"{i} {pair(i)[0]}", "completion": LONG} for i in range(9)]
    write_lines(prepared.data / "a.jsonl", rows)
    text = prepared.refused(capsys)
    assert "9 of 69 rows (13.0%) are longer than model.max_length 128" in text
    assert "data.max_truncated_share allows 5.0%" in text
    prepared.run(data={"max_truncated_share": 0.2})
    sides = prepared.report()["sides"].values()
    assert sum(side["truncated"] for side in sides) == 9
    assert "longer than model.max_length" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rows", "settings", "words"),
    [
        (12, {}, "split by prompt: validation gets"),
        (60, {"split": {"validation": 0.01, "test": 0.2}}, "validation gets"),
        (80, {"data": {"minimum_rows": 100}}, "80 rows can be used, and data.minimum_rows asks"),
        (60, {"max_length": 4096}, "model.max_length is 4096 tokens, and models/tiny was made for"),
    ],
)
def test_too_little_or_too_long_is_said_with_what_to_change(
    prepared: Prepared,
    capsys: pytest.CaptureFixture[str],
    rows: int,
    settings: dict[str, Any],
    words: str,
) -> None:
    write_lines(prepared.data / "a.jsonl", [chat(i) for i in range(rows)])
    assert words in prepared.refused(capsys, **settings)


def test_no_usable_line_at_all(prepared: Prepared, capsys: pytest.CaptureFixture[str]) -> None:
    write_lines(prepared.data / "a.jsonl", ["no json"] * 3)
    assert "3 of 3 rows cannot be used" in prepared.refused(capsys)


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"data": {"shap": "auto"}}, "data: unknown ['shap']"),
        ({"data": {"shape": "csv"}}, "data.shape: 'csv'; use one of auto, messages"),
        ({"data": {"max_bad_share": 1.5}}, "data.max_bad_share: 1.5"),
        ({"split": {"test": 0.0}}, "split.test: 0.0 is not between 0 and 1"),
        ({"model": {"source": "org/name"}}, "model.revision"),
    ],
)
def test_settings_that_make_no_sense_end_the_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sections: dict[str, Any], words: str
) -> None:
    settings = write_settings(tmp_path / "settings.json", **sections)
    with pytest.raises(SystemExit) as ended:
        prepare.main(["--settings", str(settings)])
    assert ended.value.code == 1
    assert words in capsys.readouterr().err


def test_the_shipped_sample_is_what_its_generator_writes(tmp_path: Path) -> None:
    write_sample(tmp_path)
    for name in (SAMPLE.name, PREFERENCES.name, "README.md"):
        assert (tmp_path / name).read_bytes() == (SAMPLE_FOLDER / name).read_bytes()
    for line in (tmp_path / SAMPLE.name).read_text().splitlines():
        asked, answer = json.loads(line)["messages"]
        # Every value of the answer stands in the request: it can be found, not only guessed.
        assert all(
            str(value) in asked["content"] for value in json.loads(answer["content"]).values()
        )


def test_the_shipped_preferences_go_with_the_shipped_rows(prepared: Prepared) -> None:
    write_lines(
        prepared.data / "instructions.jsonl",
        (SAMPLE_FOLDER / SAMPLE.name).read_text().splitlines()[:300],
    )
    prepared.run(preferences=SAMPLE_FOLDER / PREFERENCES.name, max_length=512)
    report = prepared.report()
    pairs = (prepared.output / "preferences" / "train.jsonl").read_text().splitlines()
    assert len(pairs) == report["preferences"]["train"] > 200
    first = json.loads(pairs[0])
    assert set(first) == {"id", "prompt", "chosen", "rejected"}
    assert first["chosen"] != first["rejected"] and first["prompt"][-1]["role"] == "user"


def test_preferences_of_another_shape_are_refused_by_their_setting(
    prepared: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    write_lines(prepared.data / "a.jsonl", [chat(i) for i in range(80)])
    pairs = write_lines(prepared.folder / "pairs.jsonl", [{"prompt": "a", "better": "b"}])
    with pytest.raises(SystemExit):
        prepared.run(preferences=pairs)
    text = capsys.readouterr().err
    assert "data.preferences: " in text and "no row has 'chosen' or 'rejected'" in text
    write_lines(prepared.folder / "pairs.jsonl", ["no json"] * 9)
    assert "9 of 89 rows cannot be used" in prepared.refused(capsys, preferences=pairs)


def test_preferences_alone_give_rows_and_pairs(prepared: Prepared) -> None:
    write_lines(
        prepared.data / "pairs.jsonl",
        [{"prompt": pair(i)[0], "chosen": pair(i)[1], "rejected": "no"} for i in range(80)],
    )
    prepared.run()
    report = prepared.report()
    assert report["shape"] == "preference"
    assert report["preferences"]["train"] == report["sides"]["train"]["rows"]
    test = {row.id for row in load_rows(prepared.output / "test")}
    assert len(test) == report["sides"]["test"]["rows"] > 5
