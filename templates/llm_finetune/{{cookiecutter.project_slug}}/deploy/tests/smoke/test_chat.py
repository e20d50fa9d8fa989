"""Does the model answer as its callers need: in a chat, piece by piece, several at a time?

Runs against an endpoint (make smoke STAGE=dev) and against the model on this machine
(make smoke URL=http://127.0.0.1:8080 SAMPLE_REQUEST=path/to/sample_request.json).
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from operations.prediction_target import Answer, Target
from operations.sample_request import SampleRequest

JSON = "application/json"
# Requests at the same time; SMOKE_CONCURRENCY sets another number, and `make load` measures them.
CONCURRENCY = int(os.environ.get("SMOKE_CONCURRENCY") or 4)


@pytest.fixture
def messages(sample: SampleRequest) -> list[dict[str, str]]:
    """The conversation of the sample request."""
    assert isinstance(sample.body, dict), "the sample request is a chat"
    return sample.body["messages"]  # type: ignore[return-value]


def ask(target: Target, body: dict[str, Any]) -> Answer:
    return target.invoke(json.dumps({"temperature": 0} | body).encode(), JSON)


def test_a_chat_is_answered_and_counted(target: Target, messages: list[dict[str, str]]) -> None:
    answer = ask(target, {"messages": messages, "max_tokens": 8})
    assert answer.status == 200, answer.body.decode(errors="replace")
    document = json.loads(answer.body)
    choice = document["choices"][0]
    assert choice["message"]["role"] == "assistant"
    assert choice["message"]["content"].strip()
    assert choice["finish_reason"] in ("stop", "length")
    usage = document["usage"]
    assert 0 < usage["completion_tokens"] <= 8
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_a_prompt_is_completed(target: Target) -> None:
    answer = ask(target, {"prompt": "Once upon a time", "max_tokens": 4})
    assert answer.status == 200, answer.body.decode(errors="replace")
    assert isinstance(json.loads(answer.body)["choices"][0]["text"], str)


def test_a_stream_brings_the_same_answer_piece_by_piece(
    target: Target, messages: list[dict[str, str]]
) -> None:
    body = {"messages": messages, "max_tokens": 32, "temperature": 0}
    stream = target.stream(json.dumps(body | {"stream": True}).encode(), JSON)
    assert stream.status == 200, b"".join(stream.pieces).decode(errors="replace")
    lines = b"".join(stream.pieces).decode().splitlines()
    events = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
    assert events[-1] == "[DONE]"
    choices = [choice for event in events[:-1] for choice in json.loads(event)["choices"]]
    text = "".join(choice["delta"].get("content") or "" for choice in choices)
    whole = json.loads(ask(target, body).body)["choices"][0]["message"]["content"]
    assert text.strip() == whole.strip()
    assert len(events) > 2, "the answer came in one piece"


def test_a_request_that_is_too_long_is_refused_clearly(target: Target) -> None:
    answer = ask(target, {"messages": [{"role": "user", "content": "word " * 200_000}]})
    assert answer.status in (400, 413), f"{answer.status}: {answer.body[:200]!r}"
    assert any(word in answer.body.decode().lower() for word in ("token", "length", "long"))


@pytest.mark.parametrize(
    "body",
    [
        {"messages": []},
        {"messages": [{"role": "somebody", "content": "hello"}]},
        {"messages": [{"role": "user", "content": "hello"}], "max_tokens": -1},
        {"neither": "a chat nor a prompt"},
    ],
    ids=["no message", "unknown role", "negative length", "nothing to answer"],
)
def test_what_makes_no_sense_is_the_callers_error(target: Target, body: dict[str, Any]) -> None:
    answer = ask(target, body)
    assert 400 <= answer.status < 500, f"{answer.status}: {answer.body[:200]!r}"
    assert answer.body.strip(), "the answer should say what is wrong"


def test_requests_at_the_same_time_get_their_own_answers(
    target: Target, messages: list[dict[str, str]], latencies: list[float]
) -> None:
    body = {"messages": messages, "max_tokens": 16}
    alone = json.loads(ask(target, body).body)["choices"][0]["message"]["content"]
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        answers = list(pool.map(lambda _: ask(target, body), range(CONCURRENCY)))
    latencies.extend(answer.milliseconds for answer in answers)
    assert [answer.status for answer in answers] == [200] * CONCURRENCY
    texts = {json.loads(answer.body)["choices"][0]["message"]["content"] for answer in answers}
    assert texts == {alone}
