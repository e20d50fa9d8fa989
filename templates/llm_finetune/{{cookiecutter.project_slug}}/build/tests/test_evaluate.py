"""Evaluate as the pipeline starts it: base against tuned model, a verdict, and a report."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import mlflow
import pytest
from instruction_sets import row, rows, write_settings
from tuned_models import adapter, finish

from source import evaluate
from source.base_model import load_model, load_tokenizer
from source.evaluate_report import render
from source.evaluation import Evaluation
from source.rows import Message, Row, write_jsonl

# One process makes the models and the store that these tests share.
pytestmark = [pytest.mark.usefixtures("tracking"), pytest.mark.xdist_group("evaluate")]

EVIL = "<script>alert('x')</script>\" onload=\"$a_b$ & ü 列"
LEARNT = rows(24)
# Asking them takes longer than everything else.
WITHOUT_SETS = {"general_set": None, "safety_set": None}


class Step:
    """Runs Evaluate in a folder of its own."""

    def __init__(self, folder: Path, base: Path) -> None:
        self.folder, self.base, self.output = folder, base, folder / "output"
        self.champion(None)

    def champion(self, arn: str | None, model: Path | None = None) -> None:
        place = self.folder / "champion"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        if model is not None:
            shutil.copytree(model, place, dirs_exist_ok=True)
        (place / "champion.json").write_text(json.dumps({"model_package_arn": arn}))

    def run(
        self,
        model: Path,
        test: list[Row] | None = None,
        bound: str = "0.7",
        sets: Mapping[str, Any] = WITHOUT_SETS,
        **gate: Any,
    ) -> dict[str, Any]:
        channel = self.folder / "test" / "rows.jsonl"
        write_jsonl((entry.as_dict() for entry in test or LEARNT), channel)
        settings = write_settings(
            self.folder / "settings.json",
            model={"source": "models/tiny", "max_length": 128},
            evaluate={
                "max_new_tokens": 12,
                "bootstrap_samples": 300,
                "metrics": ["f1"],
                **sets,
            },
            gate={"metric": "exact_match", **gate},
        )
        arguments = {
            "model": model,
            "base": self.base,
            "test": channel.parent,
            "champion": self.folder / "champion",
            "output": self.output,
            "settings": settings,
            "bound": bound,
        }
        evaluate.main([part for k, v in arguments.items() for part in (f"--{k}", str(v))])
        written = self.output / "evaluation" / "evaluation.json"
        return dict(json.loads(written.read_text(encoding="utf-8")))

    def page(self) -> str:
        return (self.output / "evaluation" / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def step(tmp_path: Path, tiny: Path) -> Step:
    return Step(tmp_path, tiny)


class Page(HTMLParser):
    """What a page would load or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.outside: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.outside += [
            value or ""
            for name, value in attrs
            if name in ("src", "href", "action") and not (value or "").startswith("data:image/png")
        ]


def test_a_model_that_has_learnt_passes_and_all_is_written(
    step: Step,
    knowing: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "passes")
    document = step.run(knowing, sets={})
    folder = step.output / "evaluation"
    assert {path.name for path in folder.iterdir()} == {
        *("evaluation.json", "report.html", "samples.jsonl", "sample_request.json", "plots")
    }
    exact = document["llm_metrics"]["exact_match"]
    assert (exact["base"], exact["tuned"], exact["difference"]) == (0.0, 1.0, 1.0)
    assert exact["interval"] == [1.0, 1.0]
    assert set(document["llm_metrics"]) == {"exact_match", "f1"}
    assert document["perplexity"]["tuned"] < 1.2 < 10 < document["perplexity"]["base"]
    assert document["perplexity"]["interval"][1] < 0
    gate = document["gate"]
    assert gate["passed"] is True and gate["bound"] == 0.7 and gate["metric"] == "exact_match"
    assert {name: check["excess"] <= 0 for name, check in gate["checks"].items()} == dict.fromkeys(
        ("bound", "base", "general", "safety", "champion"), True
    )
    # A model of random weights guesses: there is no ability to lose, and it is said so.
    assert gate["checks"]["general"]["applied"] is False
    assert "no better than guessing" in document["general"]["note"]
    assert document["safety"]["tuned"] == 0.0 and document["champion"] is None
    assert document["rows"] == {"test": 24, "evaluated": 24}
    assert gate["message"] in capsys.readouterr().out

    samples = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
    assert len(samples) == 24
    assert all(sample["tuned"] == sample["expected"] != sample["base"] for sample in samples)

    request = json.loads((folder / "sample_request.json").read_text())
    asked = request["body"]["messages"][-1]["content"]
    (meant,) = [entry.answer for entry in LEARNT if entry.prompt[-1].content == asked]
    assert request["expected"]["choices"][0]["message"]["content"] == meant
    assert request["body"]["temperature"] == 0 and request["body"]["max_tokens"] == 12

    page = step.page()
    found = Page(page)
    assert "script" not in found.tags and not found.outside and not found.handlers
    assert "Quality gate: Passed" in page and "24 rows became better, 0 worse" in page
    for picture in (folder / "plots").iterdir():
        assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 5000
    (run,) = mlflow.search_runs(experiment_names=["passes"], output_format="list")
    assert run.data.metrics["exact_match"] == 1.0 and run.data.metrics["base.exact_match"] == 0.0
    assert run.data.metrics["gate.base.excess"] < 0
    logged = {a.path for a in mlflow.MlflowClient().list_artifacts(run.info.run_id, "evaluation")}
    assert {"evaluation/report.html", "evaluation/samples.jsonl", "evaluation/plots"} <= logged


def test_answers_that_belong_to_other_prompts_are_refused(step: Step, knowing: Path) -> None:
    shuffled = [
        Row((*entry.prompt, Message("assistant", LEARNT[(index + 7) % 24].answer)))
        for index, entry in enumerate(LEARNT)
    ]
    document = step.run(knowing, shuffled, bound="none")
    gate = document["gate"]
    assert gate["passed"] is False and gate["bound"] is None
    assert gate["checks"]["base"]["excess"] == pytest.approx(0.02)
    assert "is no better or worse than the base (0)" in gate["message"]
    assert "Quality gate: Not passed" in step.page()


def test_an_untrained_adapter_says_what_the_base_says(
    step: Step, tiny: Path, tmp_path: Path
) -> None:
    document = step.run(adapter(tiny, tmp_path / "adapter_model"), rows(8))
    assert document["perplexity"]["difference"] == pytest.approx(0, abs=1e-2)
    samples = (step.output / "evaluation" / "samples.jsonl").read_text().splitlines()
    assert all(json.loads(line)["tuned"] == json.loads(line)["base"] for line in samples)
    assert not document["gate"]["passed"]


def test_the_approved_model_answers_the_same_rows(step: Step, knowing: Path, tiny: Path) -> None:
    step.champion("arn:champion", knowing)
    same = step.run(knowing, rows(12))["champion"]
    assert same["compared"] and same["value"] == 1.0 and same["difference"] == 0.0
    untrained = step.folder / "untrained"
    load_model(tiny).save_pretrained(untrained / "model")
    load_tokenizer(tiny).save_pretrained(untrained / "model")
    finish(tiny, untrained)
    worse = step.run(untrained, rows(12), bound="none")
    assert worse["champion"]["difference"] == -1.0
    assert worse["gate"]["checks"]["champion"]["excess"] == pytest.approx(0.98)
    assert "is 1 worse than the champion (1)" in worse["gate"]["message"]
    by_perplexity = step.run(knowing, rows(12), bound="none", metric="perplexity")
    assert by_perplexity["champion"]["difference"] == pytest.approx(0)
    assert by_perplexity["gate"]["passed"]


@pytest.mark.parametrize("damage", ["another base", "no weights", "nothing"])
def test_a_champion_that_cannot_answer_is_reported_and_not_judged(
    step: Step, knowing: Path, tiny: Path, damage: str
) -> None:
    own = step.folder / "champion_model"
    adapter(tiny, own)
    if damage == "another base":
        metadata = json.loads((own / "metadata.json").read_text())
        metadata["base"] |= {"sha256": "0" * 64, "source": "org/other", "revision": "f" * 40}
        (own / "metadata.json").write_text(json.dumps(metadata))
        words = "it is an adapter of org/other at ffff"
    elif damage == "no weights":
        (own / "adapter" / "adapter_model.safetensors").unlink()
        words = "there is neither adapter/ nor model/"
    else:
        shutil.rmtree(own)
        own.mkdir()
        words = "holds no metadata.json"
    step.champion("arn:champion", own)
    document = step.run(knowing, rows(8))
    assert document["gate"]["passed"] and not document["champion"]["compared"]
    assert words in document["champion"]["note"]
    assert "It is not judged" in step.page()


def test_texts_of_rows_never_become_markup(step: Step, knowing: Path) -> None:
    evil = Row((Message("user", f"{row(0).prompt[0].content} {EVIL}"), Message("assistant", EVIL)))
    step.run(knowing, [*rows(8), evil])
    page = step.page()
    found = Page(page)
    assert "script" not in found.tags and not found.handlers
    assert "&lt;script&gt;" in page and "ü 列" in page


def test_rows_that_became_worse_are_shown_first(
    step: Step, knowing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Evaluation] = []

    def keep(found: Evaluation, plots: dict[str, bytes], title: str) -> str:
        kept.append(found)
        return render(found, plots, title)

    monkeypatch.setattr(evaluate.evaluate_report, "render", keep)
    step.run(knowing, [*rows(8), row(70)])
    (found,) = kept
    base, tuned = found.scores["exact_match"]
    swapped = render(
        Evaluation(**{**found.__dict__, "scores": {"exact_match": (tuned, base)}}), {}, "Swapped"
    )
    assert "0 rows became better, 8 worse, 1 stayed the same" in swapped
    assert swapped.index(row(0).answer) < swapped.index(row(70).answer)


def test_a_step_that_comes_too_early_says_so(
    step: Step, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = write_settings(tmp_path / "s.json")
    arguments = {"test": tmp_path, "base": tiny, "model": tmp_path, "settings": settings}
    with pytest.raises(SystemExit) as ended:
        evaluate.main([part for k, v in arguments.items() for part in (f"--{k}", str(v))])
    assert ended.value.code == 1
    assert "there is no rows.jsonl; run Prepare first" in capsys.readouterr().err
