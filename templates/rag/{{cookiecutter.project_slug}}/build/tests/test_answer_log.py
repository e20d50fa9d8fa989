"""Both servers log a line for each answer, failed generation and rating: JSON with numbers only."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from answer_package import built
from botocore.exceptions import ClientError
from test_generators_bedrock import error
from test_serving import ASKED, Client, bedrock, serving

from source import inference
from source.application import Application, open_application
from source.generators import GenerationFailed
from source.serving_app import Server

pytestmark = pytest.mark.xdist_group("answers")
PUBLIC = ASKED | {"labels": ["public"]}
UNANSWERABLE = {"question": "Which walrus swims to Iceland?", "labels": ["public"]}
# All documents of the tests have labels, so who has none finds nothing.
NOTHING = ASKED | {"labels": []}
RATED = {"feedback": {"trace_id": "tr-" + "a" * 32, "rating": "down", "comment": "too short"}}
KEYS = ["event", "retrieval_ms", "generation_ms", "passages", "empty", "refused", "streamed"]

Ask = Callable[[Application, dict[str, Any]], None]


@pytest.fixture(scope="module")
def application() -> Application:
    return open_application(built() / "package")


def by_server(application: Application, body: dict[str, Any]) -> None:
    with serving(Server(application).app) as client:
        client.ask(body)


def by_handlers(application: Application, body: dict[str, Any]) -> None:
    request = inference.input_fn(json.dumps(body))
    try:
        inference.predict_fn(request, application)
    except GenerationFailed:
        return


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """All that was printed, every line of which must be a JSON object."""
    printed = capsys.readouterr().out
    assert printed.endswith("\n")
    return [dict(json.loads(line)) for line in printed.splitlines()]


@pytest.mark.parametrize("ask", [by_server, by_handlers])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (PUBLIC | {"top_k": 3}, {"passages": 3, "empty": 0, "refused": 0, "streamed": 0}),
        (UNANSWERABLE, {"empty": 0, "refused": 1, "streamed": 0}),
        (NOTHING, {"passages": 0, "empty": 1, "refused": 1, "streamed": 0}),
    ],
)
def test_an_answer_is_one_line(
    body: dict[str, Any],
    expected: dict[str, Any],
    ask: Ask,
    application: Application,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ask(application, body)
    (line,) = lines(capsys)
    assert list(line) == KEYS and line["event"] == "answer"
    assert line.items() >= expected.items()
    assert 0 < line["retrieval_ms"] < 60_000 and 0 <= line["generation_ms"] < 60_000
    assert not any(isinstance(line[key], str | bool) for key in KEYS[1:])


def test_a_streamed_answer_says_so(
    application: Application, capsys: pytest.CaptureFixture[str]
) -> None:
    by_server(application, PUBLIC | {"stream": True})
    (line,) = lines(capsys)
    assert line["streamed"] == 1 and line["refused"] == 0


@pytest.mark.parametrize("ask", [by_server, by_handlers])
@pytest.mark.parametrize(("code", "throttled"), [("ThrottlingException", 1), ("AccessDenied", 0)])
def test_a_failed_generation_is_one_line(
    code: str,
    throttled: int,
    ask: Ask,
    application: Application,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ask(bedrock(application, ClientError(error(code), "ConverseStream")), PUBLIC)
    assert lines(capsys) == [{"event": "generation_failed", "throttled": throttled}]


def test_a_stream_that_breaks_off_is_a_failed_generation(
    application: Application, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = bedrock(application, ClientError(error("ThrottlingException"), "ConverseStream"))
    by_server(failing, PUBLIC | {"stream": True})
    assert lines(capsys) == [{"event": "generation_failed", "throttled": 1}]


@pytest.mark.parametrize("ask", [by_server, by_handlers])
def test_a_rating_is_one_line(
    ask: Ask, application: Application, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(application, RATED)
    assert lines(capsys) == [{"event": "feedback", "up": 0, "down": 1}]


def test_nothing_that_was_asked_answered_or_commented_is_in_the_log(
    application: Application, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with serving(Server(application).app) as client:
        answer = client.ask(PUBLIC).document
        client.ask(RATED)
    printed = capfd.readouterr()
    logged = printed.out + printed.err + caplog.text
    for text in ("parcel", answer["answer"], answer["trace_id"], "too short"):
        assert text not in logged


def test_lines_of_many_clients_are_whole(
    application: Application, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(Server(application).app) as client:
        ask: Callable[[dict[str, Any]], Any] = Client(client.port).ask
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, [PUBLIC, NOTHING] * 30))
    found = lines(capfd)
    assert len(found) == 60 and sum(line["empty"] for line in found) == 30


def test_a_request_that_is_refused_is_no_answer(
    application: Application, capsys: pytest.CaptureFixture[str]
) -> None:
    by_server(application, {"question": "  "})
    assert capsys.readouterr().out == ""
