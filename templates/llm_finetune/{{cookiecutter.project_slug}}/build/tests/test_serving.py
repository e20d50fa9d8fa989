"""The local server answers as the endpoint does: SageMaker's routes and the OpenAI interface."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from instruction_sets import pair
from served import Answer, Client, serving
from tuning import REPOSITORY, Tuning

from source import serving_app
from source.errors import UserError
from source.model_files import load_tuned
from source.serving_app import build_app
from source.serving_generation import LanguageModel, _uncertain
from source.serving_request import ChatRequest

pytestmark = pytest.mark.xdist_group("train")
ASKED = [{"role": "user", "content": pair(3)[0]}]
GREEDY = {"messages": ASKED, "temperature": 0, "max_tokens": 12}


def text(answer: Answer) -> str:
    """What the model said."""
    choice = answer.document["choices"][0]
    return str(choice["message"]["content"] if "message" in choice else choice["text"])


def error(answer: Answer) -> str:
    """The message of a refusal."""
    return str(answer.document["error"]["message"])


@pytest.fixture(scope="module")
def client(tuned: Tuning) -> Iterator[Client]:
    """A server of the tuned model."""
    with serving(build_app(tuned.model, tuned.base)) as ready:
        yield ready


@pytest.fixture(scope="module")
def expected(tuned: Tuning) -> str:
    """What transformers itself answers, greedily."""
    model, tokenizer = load_tuned(tuned.model, tuned.base)
    ids = tokenizer.apply_chat_template(
        ASKED, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    drawn = model.generate(**ids, max_new_tokens=12, do_sample=False)
    new = drawn[0, ids["input_ids"].shape[1] :]
    return str(tokenizer.decode(new, skip_special_tokens=True))


def test_the_model_is_loaded_before_it_says_so(client: Client) -> None:
    assert client.ask(None, "/ping").status == 200
    models = client.ask(None, "/v1/models").document
    assert models["data"][0]["max_model_len"] == 512


@pytest.mark.parametrize("path", ["/invocations", "/v1/chat/completions"])
def test_a_conversation_is_answered(path: str, client: Client, expected: str) -> None:
    answer = client.ask(GREEDY, path)
    assert answer.status == 200
    document = answer.document
    assert text(answer) == expected
    assert document["object"] == "chat.completion"
    assert document["choices"][0]["message"]["role"] == "assistant"
    assert document["choices"][0]["finish_reason"] in ("stop", "length")
    usage = document["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert 0 < usage["completion_tokens"] <= 12


@pytest.mark.parametrize("path", ["/invocations", "/v1/completions"])
def test_a_text_is_continued(path: str, client: Client, expected: str) -> None:
    prompt = f"<|im_start|>user\n{ASKED[0]['content']}<|im_end|>\n<|im_start|>assistant\n"
    answer = client.ask({"prompt": prompt, "temperature": 0, "max_tokens": 12}, path)
    assert answer.document["object"] == "text_completion"
    assert text(answer) == expected
    short = client.ask({"prompt": prompt, "temperature": 0}, path).document
    assert short["usage"]["completion_tokens"] <= 16


def test_a_stream_says_the_same_in_pieces(client: Client, expected: str) -> None:
    answer = client.ask(GREEDY | {"stream": True, "stream_options": {"include_usage": True}})
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    first, *events, usage = answer.events
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert all(event["object"] == "chat.completion.chunk" for event in events)
    assert "".join(event["choices"][0]["delta"]["content"] for event in events) == expected
    assert [event["choices"][0]["finish_reason"] for event in events[:-1]] == [None] * (
        len(events) - 1
    )
    assert events[-1]["choices"][0]["finish_reason"] in ("stop", "length")
    assert usage["choices"] == [] and usage["usage"]["completion_tokens"] <= 12
    assert len({event["id"] for event in answer.events}) == 1


def test_a_streamed_completion_carries_text(client: Client) -> None:
    body = {"prompt": "Amina", "temperature": 0, "max_tokens": 3, "stream": True}
    events = client.ask(body, "/v1/completions").events
    whole = text(client.ask(body | {"stream": False}, "/v1/completions"))
    assert "".join(event["choices"][0]["text"] for event in events) == whole
    assert all(event["object"] == "text_completion" for event in events)


def test_a_stop_text_ends_the_answer_and_is_not_in_it(client: Client, expected: str) -> None:
    stop = expected[4:7]
    cut = expected[: expected.index(stop)]
    for stream in (False, True):
        answer = client.ask(GREEDY | {"stop": [stop, "never said"], "stream": stream})
        if stream:
            events = answer.events[1:]
            said = "".join(event["choices"][0]["delta"]["content"] for event in events)
            reason = events[-1]["choices"][0]["finish_reason"]
        else:
            said, reason = text(answer), answer.document["choices"][0]["finish_reason"]
        assert (said, reason) == (cut, "stop")


def test_what_may_become_a_stop_text_is_held_back() -> None:
    assert _uncertain("one tw", ("two", "three")) == 2
    assert _uncertain("one t", ("two",)) == 1
    assert _uncertain("one", ("two",)) == 0
    assert _uncertain("caf\ufffd", ()) == 1


def test_a_seed_repeats_what_was_drawn(client: Client) -> None:
    hot = GREEDY | {"temperature": 2.0, "max_tokens": 24}
    same = {text(client.ask(hot | {"seed": 5})) for _ in range(2)}
    assert len(same) == 1
    assert len({text(client.ask(hot | {"seed": seed})) for seed in range(4)}) > 1
    # Of the likeliest tokens only the first is left.
    narrow = text(client.ask(hot | {"top_p": 1e-6, "max_tokens": 12}))
    assert narrow == text(client.ask(GREEDY))


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{", 400, "the body is not JSON"),
        (b"", 400, "the body is empty"),
        (b"[]", 400, "must be a JSON object"),
        ({}, 400, "give either messages (a conversation) or prompt"),
        ({"messages": [], "temperature": 0}, 400, "messages: List should have at least 1 item"),
        ({"messages": [{"role": "robot", "content": "x"}]}, 400, "messages.0.role: Input should"),
        ({"messages": ASKED, "temperature": 3}, 400, "temperature: Input should be less than"),
        ({"messages": ASKED, "n": 2}, 400, "n: Input should be 1"),
        ({"messages": ASKED, "stop": ["a", "b", "c", "d", "e"]}, 400, "stop takes up to 4 texts"),
        ({"messages": ASKED, "max_tokens": 0}, 400, "max_tokens: Input should be greater than"),
        ({"messages": ASKED, "max_tokens": 5000}, 400, "max_tokens 5000 is too large, at most"),
        (b" " * (6 * 1024 * 1024 + 1), 413, "the body has more than 6291456 bytes"),
    ],
)
def test_a_bad_request_is_the_clients_fault(
    body: Any, status: int, words: str, client: Client
) -> None:
    answer = client.ask(body)
    assert answer.status == status
    assert words in error(answer)


def test_an_input_longer_than_the_context_is_told_both_figures(client: Client) -> None:
    long = [{"role": "user", "content": "1 " * 400}]
    for stream in (False, True):
        answer = client.ask({"messages": long, "stream": stream}, "/v1/chat/completions")
        assert answer.status == 400
        assert "this model's context is 512 tokens and the request has 8" in error(answer)
        assert answer.document["error"]["type"] == "BadRequestError"


def test_only_json_is_taken(client: Client) -> None:
    answer = client.ask(b"a,b", content_type="text/csv")
    assert (answer.status, "text/csv" in error(answer)) == (415, True)
    assert client.ask(GREEDY, content_type="application/json; charset=utf-8").status == 200


@pytest.mark.parametrize(("path", "status"), [("/", 404), ("/invocations", 405)])
def test_nothing_else_is_served(path: str, status: int, client: Client) -> None:
    assert client.ask(None, path).status == status


def test_many_clients_get_their_own_answers(client: Client) -> None:
    bodies = [
        GREEDY | {"messages": [{"role": "user", "content": pair(index)[0]}]} for index in range(12)
    ]
    alone = [text(client.ask(body)) for body in bodies]
    with ThreadPoolExecutor(12) as pool:
        together = list(pool.map(lambda body: text(client.ask(body)), bodies))
    assert together == alone
    assert len(set(alone)) > 1


def test_too_many_clients_are_told_to_come_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_app, "MOST_WAITING", 0)
    answer = client.ask(GREEDY)
    assert answer.status == 503
    assert answer.headers["retry-after"] == "1"
    monkeypatch.undo()
    assert client.ask(GREEDY).status == 200


def test_a_client_that_leaves_is_not_answered_to_the_end(
    tuned: Tuning, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    def count(self: LanguageModel, ids: Any, *more: Any) -> int:
        drawn.append(1)
        time.sleep(0.01)
        return 300  # never an end

    monkeypatch.setattr(LanguageModel, "_next", count)
    with serving(build_app(tuned.model, tuned.base)) as client:
        with socket.create_connection(("127.0.0.1", client.port)) as connection:
            body = json.dumps({"messages": ASKED, "stream": True}).encode()
            head = f"POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            assert b"200 OK" in connection.recv(100)
        time.sleep(0.3)
        seen = len(drawn)
        time.sleep(0.3)
        assert len(drawn) == seen < 100


def test_a_failing_model_says_nothing_of_itself(
    tuned: Tuning, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> int:
        raise RuntimeError("secret internals")

    with serving(build_app(tuned.model, tuned.base)) as client:
        with monkeypatch.context() as patch:
            patch.setattr(LanguageModel, "_next", fail)
            answer = client.ask(GREEDY)
            assert (answer.status, b"secret" in answer.body) == (500, False)
            streamed = client.ask(GREEDY | {"stream": True})
            assert b'"code": 500' in streamed.body and b"secret" not in streamed.body
            assert "secret internals" in caplog.text
        assert client.ask(GREEDY).status == 200


def test_without_a_limit_the_context_is_the_limit(tuned: Tuning) -> None:
    language_model = LanguageModel(*load_tuned(tuned.model, tuned.base))
    prompt = language_model.prompt(ChatRequest.model_validate({"messages": ASKED}))
    assert len(prompt.ids) + prompt.max_tokens == 512
    parts = [{"type": "text", "text": ASKED[0]["content"]}]
    same = ChatRequest.model_validate({"messages": [{"role": "user", "content": parts}]})
    assert language_model.prompt(same).ids == prompt.ids


def test_the_command_serves_it_with_the_artifacts_own_code(
    tuned: Tuning, tmp_path: Path, expected: str
) -> None:
    """In a process of its own, from a repository that has the base model."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models/tiny").symlink_to(tuned.base)
    process = subprocess.Popen(
        [sys.executable, "-m", "mlops", "serve", "--model", str(tuned.model), "--port", "0"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if found := re.search(r"serving on http://127\.0\.0\.1:(\d+)", line):
                break
        assert found, said
        assert text(Client(int(found[1])).ask(GREEDY, "/v1/chat/completions")) == expected
    finally:
        process.terminate()
        rest = process.communicate(timeout=30)[0]
    assert "Traceback" not in said + rest


def test_an_adapter_whose_base_is_missing_says_so(
    tuned: Tuning, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="there is no folder models/tiny"):
        build_app(tuned.model)
