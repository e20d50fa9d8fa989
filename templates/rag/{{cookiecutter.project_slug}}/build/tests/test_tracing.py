"""Answers are traced step by step where MLflow is, and streams stay in one trace."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Any

import mlflow
import pytest
from answer_index import answerer

from source import feedback, tracing
from source.answering import Asked
from source.answers import Answer
from source.prompt_registry import register_prompts, registered_name
from source.prompts import load_prompts
from source.serving_request import Feedback

pytestmark = pytest.mark.xdist_group("answers")
QUESTION = "How long does parental leave last?"
PROMPTS = Path(__file__).resolve().parent.parent / "prompts"


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A local MLflow store, into which answers are traced."""
    folder = tmp_path_factory.getbasetemp() / "traces"
    folder.mkdir(exist_ok=True)
    uri = f"sqlite:///{folder}/mlflow.db"
    before = mlflow.get_tracking_uri()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        patch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
        patch.delenv("MLFLOW_TRACE_SAMPLING_RATIO", raising=False)
        mlflow.set_tracking_uri(uri)
        if mlflow.get_experiment_by_name("answers") is None:
            mlflow.create_experiment("answers", artifact_location=(folder / "artifacts").as_uri())
        mlflow.set_experiment("answers")
        yield uri
    mlflow.set_tracking_uri(before)


def spans(trace_id: str) -> dict[str, Any]:
    """The spans of a trace by their names."""
    return {span.name: span for span in mlflow.get_trace(trace_id).data.spans}


def test_every_step_of_an_answer_is_in_its_trace(store: str) -> None:
    answer = answerer().answer(Asked(QUESTION))
    found = spans(answer.trace_id)
    assert set(found) == {"answer", "retrieve", "generate"}
    root = found["answer"]
    assert root.parent_id is None and root.inputs["question"] == QUESTION
    assert found["retrieve"].parent_id == found["generate"].parent_id == root.span_id
    passages = found["retrieve"].outputs["passages"]
    assert [one["chunk"] for one in passages] == [one.chunk for one in answer.passages]
    assert root.outputs["answer"] == answer.answer
    assert root.outputs["citations"][0]["document"] == "hr/leave.md"


def test_a_refusal_is_traced_without_a_generator(store: str) -> None:
    answer = answerer(min_score=0.9).answer(Asked("How deep is the Baltic Sea?"))
    assert answer.refused and set(spans(answer.trace_id)) == {"answer", "retrieve"}


def test_a_stream_that_is_read_from_several_threads_is_one_trace(store: str) -> None:
    """Servers ask for the next piece from whatever thread is free."""
    items = answerer().stream(Asked(QUESTION))
    found: Queue[Any] = Queue()
    end = object()
    while True:
        thread = threading.Thread(target=lambda: found.put(next(items, end)))
        thread.start()
        thread.join()
        item = found.get()
        if item is end:
            break
        last = item
        # In between the caller traces something else; it must not end up in that trace.
        with mlflow.start_span("other"):
            pass
    assert isinstance(last, Answer)
    assert set(spans(last.trace_id)) == {"answer", "retrieve", "generate"}
    assert mlflow.get_current_active_span() is None


def test_answers_at_the_same_time_do_not_mix(store: str) -> None:
    shared = answerer()
    questions = [QUESTION, "Up to how much are hotel rooms refunded?"] * 4
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda text: shared.answer(Asked(text)), questions))
    for question, answer in zip(questions, answers, strict=True):
        assert spans(answer.trace_id)["answer"].inputs["question"] == question
        assert spans(answer.trace_id)["generate"].inputs["question"] == question


def test_without_a_tracking_server_answers_have_ids_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    first, second = (answerer().answer(Asked(QUESTION)).trace_id for _ in range(2))
    assert first.startswith("tr-") and len(first) == 35 and first != second


def test_endpoints_trace_a_share_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tracing.RATIO, "0.5")
    tracing.for_endpoint()
    assert os.environ[tracing.RATIO] == "0.5"
    monkeypatch.delenv(tracing.RATIO)
    tracing.for_endpoint()
    assert os.environ[tracing.RATIO] == "0.05"


def test_feedback_stands_beside_the_trace(store: str) -> None:
    answer = answerer().answer(Asked(QUESTION))
    feedback.record(Feedback(trace_id=answer.trace_id, rating="down", comment="outdated"))
    (given,) = mlflow.get_trace(answer.trace_id).info.assessments
    assert given.name == feedback.NAME and given.value is False
    assert given.rationale == "outdated"
    feedback.record(Feedback(trace_id="tr-" + "0" * 32, rating="up"))


def test_prompts_are_registered_once_a_version(store: str, tmp_path: Path) -> None:
    prompts = load_prompts(PROMPTS)
    first = register_prompts(prompts.values(), "My project!")
    name = registered_name("My project!", "answer")
    assert name == "My-project.answer" and first[name] == 1 and len(first) == len(prompts)
    assert register_prompts(prompts.values(), "My project!") == first
    changed = tmp_path / "answer.md"
    text = (PROMPTS / "answer.md").read_text(encoding="utf-8")
    changed.write_text(text.replace("version: 1", "version: 2"), encoding="utf-8")
    assert register_prompts(load_prompts(tmp_path).values(), "My project!")[name] == 2
    stored = mlflow.genai.load_prompt(f"prompts:/{name}/1")
    assert stored.template[0]["role"] == "system"
    assert "{{ context }}" in stored.template[1]["content"]
    assert stored.tags["version"] == "1"


def test_without_a_tracking_server_no_prompt_is_registered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert register_prompts(load_prompts(PROMPTS).values()) == {}
