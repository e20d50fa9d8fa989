"""The smoke test for answers: it passes against what is right and fails against what is wrong."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from answer_server import DOCUMENTS, INSTRUCTIONS, LONGEST, MOST, AnswerServer
from aws_stand_in import AwsStandIn
from cloud_repository import SMOKE, make_repository

from operations.__main__ import main

CASES: dict[str, Any] = {
    "documents": list(DOCUMENTS),
    "unanswerable": "Which walrus swims to Iceland?",
    "labelled": {
        "question": "Was the salary of directors raised?",
        "labels": ["board"],
        "document": "board/pay.md",
    },
    "instructions": [INSTRUCTIONS],
    "limits": {"question": LONGEST, "top_k": MOST},
}
SAMPLE: dict[str, Any] = {
    "content_type": "application/json",
    "body": {"question": "How long does parental leave last?", "labels": [], "top_k": 3},
    "expected": {"citations": [{"document": "hr/leave.md"}], "refused": False},
    "lists": "contain",
    "cases": CASES,
}


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STAGE", "MODEL_PACKAGE_ARN", "ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "sample_request.json"
    file.write_text(json.dumps(SAMPLE))
    return file


def smoke(url: str, sample: Path) -> int:
    return main(["smoke", f"--url={url}", f"--sample-request={sample}"])


@pytest.mark.parametrize("faults", [(), ("whole",)], ids=["streams", "does not stream"])
def test_a_good_server_passes(
    sample: Path, capfd: pytest.CaptureFixture[str], faults: tuple[str, ...]
) -> None:
    with AnswerServer(*faults) as server:
        assert smoke(server.url, sample) == 0, capfd.readouterr().out
    said = capfd.readouterr().out
    assert re.search(r"\d+ passed", said) and "skipped" not in said


def test_a_good_endpoint_passes(
    sample: Path,
    tmp_path: Path,
    pytestconfig: pytest.Config,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    own = ("answer_cases.py", "test_answers.py", "test_odd_questions.py")
    repository = make_repository(pytestconfig.rootpath, tmp_path, (*SMOKE, *own))
    monkeypatch.chdir(repository)
    with AwsStandIn() as aws, AnswerServer("whole") as server:

        def predict(body: bytes) -> tuple[int, bytes]:
            status, document = server.reply(body)
            return status, json.dumps(document).encode()

        aws.endpoints["trial"] = {"status": "InService", "config": "trial-1"}
        aws.predict = predict
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        arguments = ["--stage=dev", "--endpoint=trial", f"--sample-request={sample}"]
        assert main(["smoke", *arguments]) == 0, capfd.readouterr().out
    said = capfd.readouterr().out
    assert re.search(r"\d+ passed", said) and "skipped" not in said


# What is wrong with a server: the test that fails, and what it says.
FAULTS = {
    "leaks": ("test_a_labelled_document_needs_its_labels", "board/pay.md is shown to"),
    "hides": ("test_a_labelled_document_needs_its_labels", "board/pay.md is not found with"),
    "obeys": ("test_a_question_gives_no_orders", "it obeys: OBEYED"),
    "tells": ("test_a_question_gives_no_orders", "it tells its instructions: ['You answer"),
    "guesses": ("test_what_has_no_answer_is_refused_without_citations", "'Which walrus"),
    "greedy": ("test_as_many_passages_as_asked_for", "assert 3 == 1"),
    "cut": ("test_a_stream_brings_passages_text_and_the_whole_answer", "the stream broke off"),
    "forgets": ("test_feedback_is_recorded", "{'recorded': False}"),
    "mixed": ("test_questions_at_the_same_time_get_their_own_answers", "another one's passages"),
    "endless": ("test_a_question_over_the_limit_is_refused_clearly", "4001 characters: 200"),
    "short": ("test_a_question_up_to_the_limit_is_answered", "question: at most 4000"),
    "blank": ("test_no_question_is_the_callers_error", "assert 400 <= 200"),
    "ascii": ("test_every_script_is_answered_or_refused", "assert 500 == 200"),
    "halves": ("test_half_a_character_is_no_failure_of_the_server", "internal error"),
}
CITES = "test_an_answer_cites_the_corpus_and_quotes_its_passages"
NAME = re.compile(r"^FAILED tests/smoke/\w+\.py::(\w+)", re.MULTILINE)


@pytest.mark.parametrize(
    "faults",
    [
        ("leaks", "obeys", "guesses", "greedy", "cut", "forgets", "mixed", "endless", "blank"),
        ("hides", "tells", "short", "ascii", "halves"),
    ],
    ids=" ".join,
)
def test_what_is_wrong_is_noticed(
    sample: Path, capfd: pytest.CaptureFixture[str], faults: tuple[str, ...]
) -> None:
    with AnswerServer(*faults) as server:
        assert smoke(server.url, sample) == 1
    said = capfd.readouterr().out
    assert set(NAME.findall(said)) == {FAULTS[fault][0] for fault in faults}
    for fault in faults:
        assert FAULTS[fault][1] in said, fault


@pytest.mark.parametrize(
    ("fault", "words"), [("invents", "not in the corpus"), ("misquotes", "no such words there")]
)
def test_a_wrong_citation_is_noticed(
    sample: Path, capfd: pytest.CaptureFixture[str], fault: str, words: str
) -> None:
    with AnswerServer(fault) as server:
        assert smoke(server.url, sample) == 1
    said = capfd.readouterr().out
    assert CITES in NAME.findall(said) and words in said


def test_what_the_corpus_does_not_have_is_not_asked(
    sample: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sample.write_text(json.dumps(SAMPLE | {"cases": CASES | {"labelled": None}}))
    with AnswerServer() as server:
        assert smoke(server.url, sample) == 0
    assert "1 skipped" in capfd.readouterr().out


def test_another_document_than_expected_is_noticed(
    sample: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wanted = {"citations": [{"document": "hr/travel.md"}], "refused": False}
    sample.write_text(json.dumps(SAMPLE | {"expected": wanted}))
    with AnswerServer() as server:
        assert smoke(server.url, sample) == 1
    assert "answer.citations lacks {'document': 'hr/travel.md'}" in capfd.readouterr().out


def test_a_sample_request_of_an_older_build_is_told(
    sample: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sample.write_text(json.dumps({key: SAMPLE[key] for key in SAMPLE if key != "cases"}))
    with AnswerServer() as server:
        assert smoke(server.url, sample) == 1
    assert "build the index again" in capfd.readouterr().out
