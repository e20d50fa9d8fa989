"""Evaluate, with a package that the real steps have built: what it writes, and what it refuses."""

from __future__ import annotations

import html.parser
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answer_package import built, copy_of_package

from source import evaluate
from source.application import open_application
from source.evaluate_measure import IndexMixedUp, check_vectors
from source.evaluation import usd_per_query
from source.generation_settings import GenerationSettings
from source.integrity import write_integrity

pytestmark = pytest.mark.xdist_group("answers")
SETTINGS: dict[str, Any] = {
    "evaluate": {"questions": "questions/questions.jsonl", "bootstrap_samples": 300},
    "gate": {"metric": "recall_at_5", "bound": 0.5},
}


def run(output: Path, package: Path | None = None, **changes: Any) -> Path:
    settings = output / "settings.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    document = {name: values | changes.get(name, {}) for name, values in SETTINGS.items()}
    settings.write_text(json.dumps(document), encoding="utf-8")
    evaluate.main(
        [
            *("--package", str(package or built() / "package")),
            *("--questions", str(built() / "questions")),
            *("--champion", str(changes.get("champion", built() / "champion"))),
            *("--output", str(output), "--settings", str(settings)),
            *(["--bound", changes["bound"]] if "bound" in changes else []),
        ]
    )
    return output / "evaluation"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run has written."""
    return run(tmp_path_factory.mktemp("evaluate"))


@pytest.fixture(scope="module")
def evaluation(written: Path) -> dict[str, Any]:
    """evaluation.json."""
    return dict(json.loads((written / "evaluation.json").read_text(encoding="utf-8")))


def test_every_way_is_measured_with_intervals(evaluation: dict[str, Any]) -> None:
    ways = evaluation["retrieval_metrics"]
    assert set(ways) == {"hybrid", "bm25", "dense"}
    for way in ways.values():
        for name in ("recall_at_5", "mrr", "ndcg_at_10"):
            low, high = way[name]["interval"]
            assert 0 <= low <= way[name]["value"] <= high <= 1
        assert way["by_type"]["question"]["recall_at_5"]["count"] == way["mrr"]["count"]
    assert ways["hybrid"]["recall_at_5"]["value"] > 0.8
    counts = evaluation["questions"]
    assert counts["reviewed"] == counts["test"] and counts["lost"] == 0
    assert counts["test"] + counts["validation"] == 38


def test_answers_latency_and_cost_are_told(evaluation: dict[str, Any]) -> None:
    answers = evaluation["answers"]
    assert answers["citation_correct"] == answers["faithfulness"] == 1.0
    assert answers["refusal"] == 1.0 and answers["answered"] > 0.6
    assert evaluation["cost"]["usd_per_query"] == 0.0
    assert (
        0 < evaluation["latency"]["answer"]["p50_ms"] <= evaluation["latency"]["answer"]["p95_ms"]
    )
    assert evaluation["champion"] is None
    assert evaluation["vectors"]["found_by_own_text"] == 1.0


def test_the_gate_has_every_check(evaluation: dict[str, Any]) -> None:
    gate = evaluation["gate"]
    assert gate["passed"] and gate["metric"] == "recall_at_5" and gate["bound"] == 0.5
    assert list(gate["checks"]) == ["bound", "bm25", "dense", "answers", "champion", "latency"]
    for check in gate["checks"].values():
        assert {"value", "limit", "excess", "applied"} <= set(check)


def test_the_report_needs_nothing_else(written: Path) -> None:
    page = (written / "report.html").read_text(encoding="utf-8")
    html.parser.HTMLParser().feed(page)
    assert not re.search(r"(?:src|href)=\"(?!data:)", page) and "<script" not in page
    assert page.count("<img") == len(list((written / "plots").glob("*.png"))) == 4
    for text in ("Quality gate: Passed", "Worst queries", "BM25", "Latency and cost"):
        assert text in page


def test_the_sample_request_is_answered_as_it_says(written: Path) -> None:
    sample = json.loads((written / "sample_request.json").read_text(encoding="utf-8"))
    from source.serving_request import QuestionRequest

    application = open_application(built() / "package")
    asked = QuestionRequest.model_validate(sample["body"]).asked(application.top_k)
    answer = application.answerer.answer(asked).as_dict()
    expected = sample["expected"]
    assert answer["refused"] is expected["refused"] is False
    cited = {citation["document"] for citation in answer["citations"]}
    wanted = {citation["document"] for citation in expected["citations"]}
    assert wanted and wanted <= cited and sample["lists"] == "contain"


def test_the_worst_queries_come_with_reasons(written: Path) -> None:
    worst = json.loads((written / "worst_queries.json").read_text(encoding="utf-8"))
    assert all(row["reason"] and row["question"] for row in worst)
    assert all(set(row["ranks"]) <= {"hybrid", "bm25", "dense"} for row in worst)


def test_a_bound_that_is_missed_is_told_and_nothing_breaks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads((run(tmp_path, bound="1.5") / "evaluation.json").read_text("utf-8"))
    assert not document["gate"]["passed"] and document["gate"]["checks"]["bound"]["excess"] > 0
    assert "misses the bound 1.5 by " in document["gate"]["message"]
    assert "gate not passed" in capsys.readouterr().out


def test_the_approved_version_is_asked_the_same(tmp_path: Path) -> None:
    champion = tmp_path / "champion"
    shutil.copytree(built() / "package", champion / "package")
    arn = "arn:aws:sagemaker:eu-central-1:000000000000:model-package/aiops-x-models/3"
    (champion / "champion.json").write_text(json.dumps({"model_package_arn": arn}), "utf-8")
    document = json.loads((run(tmp_path, champion=champion) / "evaluation.json").read_text("utf-8"))
    assert document["champion"]["model_package_arn"] == arn
    assert document["champion"]["compared"] and document["champion"]["difference"] == 0.0
    assert document["gate"]["checks"]["champion"]["applied"]


def test_a_champion_that_does_not_load_is_told_and_not_compared(tmp_path: Path) -> None:
    champion = tmp_path / "champion"
    shutil.copytree(built() / "package", champion)
    (champion / "index/chunks.jsonl").write_text("{}", encoding="utf-8")
    (champion / "champion.json").write_text('{"model_package_arn": "arn:x"}', encoding="utf-8")
    document = json.loads((run(tmp_path, champion=champion) / "evaluation.json").read_text("utf-8"))
    assert not document["champion"]["compared"]
    assert "cannot be compared" in document["champion"]["note"]
    assert not document["gate"]["checks"]["champion"]["applied"]


def refused(tmp_path: Path, package: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The error of a run that must write nothing."""
    with pytest.raises(SystemExit) as stopped:
        run(tmp_path / "out", package)
    assert stopped.value.code == 1
    assert not (tmp_path / "out/evaluation").exists(), "nothing is half-done"
    return capsys.readouterr().err


def test_a_shuffled_embedding_matrix_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = copy_of_package(tmp_path)
    path = package / "index/store/vectors.npy"
    np.save(path, np.random.default_rng(1).permutation(np.load(path)))
    assert str(path.name) in refused(tmp_path, package, capsys)
    # Even with the hashes of the shuffled file, as a build would write that shuffles by mistake.
    write_integrity(package)
    assert "vectors do not belong to their passages" in refused(tmp_path, package, capsys)
    retriever = open_application(package).retriever
    with pytest.raises(IndexMixedUp, match="of 30 passages by their own text"):
        check_vectors(retriever, retriever.chunks)


def test_a_prompt_without_the_place_for_passages_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = copy_of_package(tmp_path)
    prompt = package / "prompts/answer.md"
    prompt.write_text(prompt.read_text("utf-8").replace("{context}", ""), encoding="utf-8")
    assert "answer.md" in refused(tmp_path, package, capsys)
    write_integrity(package)
    assert "the slot {context} is missing" in refused(tmp_path, package, capsys)


def test_questions_that_fit_nothing_end_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, evaluate={"validation_share": 0.99})
    assert "evaluate.validation_share leaves" in capsys.readouterr().err


def test_a_tracking_server_gets_figures_prompts_and_the_worst_traces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "handbook")
    monkeypatch.setenv("MLFLOW_ARTIFACT_LOCATION", (tmp_path / "artifacts").as_uri())
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
    monkeypatch.setenv("PROJECT_NAME", "handbook")
    monkeypatch.chdir(tmp_path)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    try:
        run(tmp_path)
        experiment = mlflow.get_experiment_by_name("handbook")
        (tracked,) = mlflow.search_runs([experiment.experiment_id], output_format="list")
        traces = mlflow.search_traces(
            locations=[experiment.experiment_id], return_type="list", max_results=50
        )
        prompt = mlflow.genai.load_prompt("prompts:/handbook.answer@latest")
    finally:
        mlflow.set_tracking_uri(before)
    assert tracked.data.metrics["recall_at_5"] > 0.8
    assert {"bm25.mrr", "answers.refusal", "gate.dense.excess"} <= set(tracked.data.metrics)
    assert tracked.data.tags["prompt.handbook.answer"] == "1" and prompt.version == 1
    # Those that went worst; tracing all would cost more than answering them.
    assert len(traces) == 5
    assert {span.name for span in traces[0].data.spans} >= {"answer", "retrieve"}
    assert not (tmp_path / "mlruns").exists()


def test_money_is_counted_where_prices_are_known() -> None:
    priced = GenerationSettings(
        kind="bedrock",
        model_id="m",
        usd_per_1k_input_tokens=0.003,
        usd_per_1k_output_tokens=0.015,
    )
    assert usd_per_query((2000.0, 100.0), priced) == pytest.approx(0.0075)
    assert usd_per_query((2000.0, 100.0), GenerationSettings(kind="bedrock", model_id="m")) is None
    assert usd_per_query((0.0, 0.0), GenerationSettings()) == 0.0


def test_questions_are_written_for_review_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from source import write_questions
    from source.questions import Question, load_questions
    from source.questions import write_questions as save

    path = tmp_path / "questions/questions.jsonl"
    own = Question("Who may use the locker?", "question", (), (), True)
    save([own], path)
    arguments = ["--package", str(built() / "package"), "--output", str(path)]
    write_questions.main(arguments)
    found = load_questions(path)
    assert found[0].question == own.question and found[0].reviewed
    assert len(found) > 30 and not any(question.reviewed for question in found[1:])
    assert {"heading", "unanswerable"} <= {question.type for question in found}
    write_questions.main(arguments)
    assert load_questions(path) == found
    assert f"{len(found)} questions kept, 0 added" in capsys.readouterr().out
