"""The local server answers as the endpoint does: whole, as a stream, with feedback and capture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from answer_package import built, copy_of_package
from served import Client, serving
from test_generators_bedrock import SETTINGS, Converse, delta, end, error

from source import inference
from source.answering import Asked
from source.application import Application, open_application
from source.capture import CaptureFile, read_exchanges
from source.errors import UserError
from source.generation_settings import GenerationSettings
from source.generators_bedrock import BedrockGenerator
from source.serving_app import Server, build_app

pytestmark = pytest.mark.xdist_group("answers")
ASKED = {"question": "How are parcel rules agreed on in sales?"}


@pytest.fixture(scope="module")
def application() -> Application:
    return open_application(built() / "package")


@pytest.fixture(scope="module")
def client(application: Application) -> Iterator[Client]:
    with serving(Server(application).app) as ready:
        yield ready


def test_an_answer_is_cited_and_traceable(client: Client) -> None:
    assert client.ask(None, "/ping").status == 200
    document = client.ask(ASKED | {"labels": ["public"]}).document
    assert set(document) == {"answer", "citations", "passages", "scores", "refused", "trace_id"}
    assert not document["refused"]
    assert document["citations"][0]["document"] == "public/sales.md"
    assert document["citations"][0]["quote"] in document["passages"][0]["text"]
    assert len(document["passages"]) == 5
    assert len(client.ask(ASKED | {"labels": ["public"], "top_k": 2}).document["passages"]) == 2


def test_a_stream_says_the_same_in_pieces(client: Client) -> None:
    body = ASKED | {"labels": ["public"]}
    whole = client.ask(body).document
    answer = client.ask(body | {"stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    first, *middle, last = answer.events
    assert first["type"] == "passages" and first["passages"] == whole["passages"]
    assert "".join(event["text"] for event in middle) == whole["answer"] == last["answer"]
    assert last["type"] == "answer" and last["citations"] == whole["citations"]


def test_labels_hold(client: Client) -> None:
    body = {"question": "How are parcel rules agreed on in board?"}
    for labels in ([], ["public"], ["nobody"]):
        document = client.ask(body | {"labels": labels}).document
        assert all(p["document"] != "board/board.md" for p in document["passages"])
        assert "board" not in document["answer"].replace("documents", "")
    document = client.ask(body | {"labels": ["board"]}).document
    assert document["citations"][0]["document"] == "board/board.md"


def test_a_question_without_an_answer_is_refused(client: Client) -> None:
    document = client.ask({"question": "Which walrus swims to Iceland?"}).document
    assert document["refused"] and document["citations"] == []


@pytest.mark.parametrize(
    "question", ["ß" * 4000, "¿Cómo está el armario? 日本語 🎉", "' OR 1=1 --", "how\n\nlong\t?"]
)
def test_odd_questions_are_answered_or_refused(question: str, client: Client) -> None:
    answer = client.ask({"question": question, "labels": ["public"]})
    assert answer.status == 200 and isinstance(answer.document["refused"], bool)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not JSON"),
        ([], "must be a JSON object"),
        ({}, "give either a question, or feedback"),
        (ASKED | {"feedback": {}}, "give either a question, or feedback"),
        ({"question": "  "}, "question: "),
        ({"question": "x" * 4001}, "question: "),
        (ASKED | {"top_k": 0}, "top_k: "),
        (ASKED | {"labels": "public"}, "labels: "),
        (ASKED | {"lables": []}, "lables: "),
        (ASKED | {"filters": {"x": {"above": 3}}}, "filters"),
        ({"feedback": {"trace_id": "me", "rating": "up"}}, "feedback.trace_id: "),
        ({"feedback": {"trace_id": "tr-" + "0" * 32, "rating": "meh"}}, "feedback.rating: "),
    ],
)
def test_a_bad_request_is_told_what_is_wrong(body: Any, said: str, client: Client) -> None:
    answer = client.ask(body)
    assert answer.status == 400 and said in answer.document["error"]


def test_other_content_types_are_refused(client: Client) -> None:
    assert client.ask(b"question", content_type="text/plain").status == 415


def test_many_clients_get_their_own_answers(client: Client) -> None:
    subjects = ["leave", "canteen", "lantern", "locker", "parcel"] * 6

    def ask(subject: str) -> tuple[str, str]:
        body = {"question": f"How are {subject} rules agreed on in legal?", "labels": ["public"]}
        document = client.ask(body).document
        return document["citations"][0]["quote"], document["trace_id"]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, subjects))
    assert all(s in quote for s, (quote, _) in zip(subjects, found, strict=True))
    assert len({trace for _, trace in found}) == len(subjects)


def bedrock(application: Application, *events: Any) -> Application:
    settings: GenerationSettings = SETTINGS
    generator = BedrockGenerator(settings, application.prompts["answer"], Converse(*events))
    answerer = replace(application.answerer, generator=generator)
    return replace(application, answerer=answerer, generation=settings)


def test_a_language_model_streams_through(application: Application) -> None:
    told = bedrock(application, delta("In spring"), delta(", yearly [1]."), *end())
    with serving(Server(told).app) as client:
        events = client.ask(ASKED | {"labels": ["public"], "stream": True}).events
    assert [e["text"] for e in events if e["type"] == "text"] == ["In spring", ", yearly [1]."]
    assert events[-1]["citations"][0]["document"] == "public/sales.md"


@pytest.mark.parametrize(("code", "status"), [("ThrottlingException", 503), ("AccessDenied", 502)])
def test_a_model_that_fails_is_told_without_secrets(
    code: str, status: int, application: Application
) -> None:
    from botocore.exceptions import ClientError

    failing = bedrock(application, ClientError(error(code), "ConverseStream"))
    with serving(Server(failing).app) as client:
        answer = client.ask(ASKED | {"labels": ["public"]})
        events = client.ask(ASKED | {"labels": ["public"], "stream": True}).events
    assert answer.status == status and "vendor.model" not in answer.document["error"]
    assert events[-1]["type"] == "error" and "vendor.model" not in events[-1]["error"]


def test_exchanges_and_feedback_are_captured(application: Application, tmp_path: Path) -> None:
    with serving(Server(application, CaptureFile(tmp_path / "capture")).app) as client:
        trace = client.ask(ASKED | {"labels": ["public"]}).document["trace_id"]
        client.ask(ASKED | {"stream": True})
        given = {"trace_id": trace, "rating": "down", "comment": "too short"}
        assert client.ask({"feedback": given}).document == {"recorded": True}
    first, streamed, feedback = read_exchanges(tmp_path / "capture")
    assert first.request and first.request["question"] == ASKED["question"]
    assert first.response and first.response["trace_id"] == trace
    assert streamed.response and streamed.response["trace_id"] != trace
    assert feedback.request == {"feedback": given} and feedback.response == {"recorded": True}


def test_a_damaged_package_never_answers(tmp_path: Path) -> None:
    package = copy_of_package(tmp_path)
    chunks = package / "index/chunks.jsonl"
    chunks.write_bytes(chunks.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"chunks\.jsonl"):
        build_app(package)


def test_the_handlers_of_the_toolkit_answer_the_same(application: Application) -> None:
    model = inference.model_fn(str(built() / "package"))
    body = json.dumps(ASKED | {"labels": ["public"]})
    prediction = inference.predict_fn(inference.input_fn(body), model)
    text, kind = inference.output_fn(prediction)
    expected = application.answerer.answer(Asked(ASKED["question"], ("public",)))
    assert kind == "application/json" and json.loads(text)["answer"] == expected.answer
    with pytest.raises(inference.BadRequest) as refused:
        inference.input_fn(json.dumps(ASKED | {"stream": True}))
    assert refused.value.status_code == 400
    rating = json.dumps({"feedback": {"trace_id": "tr-" + "a" * 32, "rating": "up"}})
    assert inference.predict_fn(inference.input_fn(rating), model) == {"recorded": True}


def test_the_package_brings_its_own_server(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    package = copy_of_package(tmp_path)
    body = json.dumps(ASKED | {"labels": ["public"]})
    script = (
        "import app, inference, sys\n"
        f"server = app.build_app({str(package)!r})\n"
        "assert {route.path for route in server.routes} == {'/ping', '/invocations'}\n"
        f"model = inference.model_fn({str(package)!r})\n"
        f"asked = inference.input_fn({body!r}, 'application/json')\n"
        "print(inference.output_fn(inference.predict_fn(asked, model), 'application/json')[0])\n"
        "assert 'mlflow' not in sys.modules\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=package / "code",
        env=environment | {"PYTHONPATH": str(package / "code"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    logged, answer = map(json.loads, done.stdout.splitlines())
    assert logged["event"] == "answer" and logged["passages"] == 5
    assert answer["citations"][0]["document"] == "public/sales.md"
