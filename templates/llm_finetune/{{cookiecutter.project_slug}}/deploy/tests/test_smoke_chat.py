"""The smoke test for chats: it passes against what is right and fails against what is wrong."""

import json
from pathlib import Path

import pytest
from chat_server import ChatServer

from operations.__main__ import main

QUESTION = [{"role": "user", "content": "one two three four five six"}]
SAMPLE = {
    "content_type": "application/json",
    "body": {"messages": QUESTION, "max_tokens": 16, "temperature": 0},
    "expected": {"choices": [{"message": {"content": "six five four three two one"}}]},
    "similarity": 0.8,
}


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STAGE", "MODEL_PACKAGE_ARN", "ENDPOINT", "SMOKE_CONCURRENCY"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "sample_request.json"
    file.write_text(json.dumps(SAMPLE))
    return file


def smoke(url: str, sample: Path) -> int:
    return main(["smoke", f"--url={url}", f"--sample-request={sample}"])


def test_a_good_server_passes(sample: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with ChatServer() as server:
        assert smoke(server.url, sample) == 0
    assert "13 passed" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        ("long", "test_a_request_that_is_too_long_is_refused_clearly"),
        ("cut", "test_a_stream_brings_the_same_answer_piece_by_piece"),
        ("mixed", "test_requests_at_the_same_time_get_their_own_answers"),
        ("uncounted", "test_a_chat_is_answered_and_counted"),
    ],
)
def test_what_is_wrong_is_noticed(
    sample: Path, capfd: pytest.CaptureFixture[str], fault: str, test: str
) -> None:
    with ChatServer(fault) as server:
        assert smoke(server.url, sample) == 1
    assert f"FAILED tests/smoke/test_chat.py::{test}" in capfd.readouterr().out


def test_an_answer_may_differ_a_little_and_no_more(
    sample: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    expected = {"choices": [{"message": {"content": "six five four three two 1"}}]}
    sample.write_text(json.dumps(SAMPLE | {"expected": expected}))
    with ChatServer() as server:
        assert smoke(server.url, sample) == 0
        expected["choices"][0]["message"]["content"] = "something else entirely"
        sample.write_text(json.dumps(SAMPLE | {"expected": expected}))
        assert smoke(server.url, sample) == 1
    assert "like 'something else entirely'" in capfd.readouterr().out
