"""What people disliked becomes questions to review."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from answer_index import LEAVE, TRAVEL, terms

from source import feedback
from source.capture import CaptureFile, Exchange, read_exchanges
from source.evaluate_settings import EvaluateSettings
from source.feedback import disliked
from source.question_set import question_set
from source.questions import (
    FEEDBACK,
    UNANSWERABLE,
    Evidence,
    Question,
    load_questions,
    write_questions,
)


def trace(number: int) -> str:
    return f"tr-{number:032x}"


def answered(number: int, question: str, *documents: str, labels: tuple[str, ...] = ()) -> Exchange:
    response = {
        "trace_id": trace(number),
        "citations": [{"document": one} for one in documents],
        "refused": not documents,
    }
    return Exchange({"question": question, "labels": list(labels)}, response)


def rated(number: int, rating: str, comment: str = "") -> Exchange:
    given = {"trace_id": trace(number), "rating": rating, "comment": comment}
    return Exchange({"feedback": given}, {"recorded": True})


EXCHANGES = [
    answered(1, "How far is it?", "a.md", "a.md", "b.md", labels=("staff",)),
    answered(2, "How long is it?", "a.md"),
    answered(3, "How wide is it?"),
    answered(4, "How long is it?", "c.md"),
    rated(1, "down", "wrong document"),
    rated(2, "down"),
    rated(3, "down", "it is in c.md"),
    rated(4, "up"),
    rated(9, "down", "an answer that nobody has"),
    Exchange({"feedback": {"trace_id": "nonsense"}}, {"error": "bad"}),
    Exchange(None, None),
]


def test_only_what_was_rated_down_and_never_up_counts() -> None:
    found = disliked(EXCHANGES)
    assert [one.question for one in found] == ["How far is it?", "How wide is it?"]
    assert found[0].documents == ("a.md", "b.md") and found[0].labels == ("staff",)
    assert found[1].refused and found[1].comments == ("it is in c.md",)


def run(capture: Path, path: Path) -> None:
    feedback.main(["--capture", str(capture), "--questions", str(path)])


def test_the_job_adds_questions_to_review(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    captured = CaptureFile(tmp_path / "capture" / "2026" / "11")
    for exchange in EXCHANGES[:9]:
        assert exchange.request is not None and exchange.response is not None
        captured.write(exchange.request, exchange.response)
    path = tmp_path / "questions.jsonl"
    known = [Question("How wide is it?", "question", (Evidence("c.md"),), (), True)]
    write_questions(known, path)
    run(tmp_path / "capture", path)
    first, added = load_questions(path)
    assert first == known[0], "what people have reviewed stays as it is"
    assert added.question == "How far is it?" and added.type == FEEDBACK and not added.reviewed
    assert added.evidence == (Evidence("a.md"), Evidence("b.md")) and added.labels == ("staff",)
    said = capsys.readouterr().out
    assert "2 answers were rated down; 1 questions added" in said and "wrong document" in said
    before = path.read_bytes()
    run(tmp_path / "capture", path)
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path / "none", tmp_path / "questions.jsonl")
    said = capsys.readouterr().err
    assert "none': there is no such folder" in said and "DataCaptureUri" in said


def line(request: Any, response: str, encoding: str = "JSON") -> str:
    sides = {
        "endpointInput": {"data": json.dumps(request), "encoding": "JSON", "mode": "INPUT"},
        "endpointOutput": {"data": response, "encoding": encoding, "mode": "OUTPUT"},
    }
    return json.dumps({"captureData": sides, "eventVersion": "0"})


def test_captured_data_of_an_endpoint_is_read(tmp_path: Path) -> None:
    answer = {"type": "answer", "trace_id": trace(1), "citations": []}
    events = f'data: {{"type": "text"}}\n\ndata: {json.dumps(answer)}\n\ndata: [DONE]\n\n'
    encoded = base64.b64encode(json.dumps({"trace_id": trace(2)}).encode()).decode()
    lines = [line({"question": "a"}, events), line({"question": "b"}, encoded, "BASE64")]
    cut = line({"question": "c"}, "{}")[:40]
    (tmp_path / "x.jsonl").write_text("\n".join([*lines, cut]), encoding="utf-8")
    first, second = read_exchanges(tmp_path)
    assert first.response == answer
    assert second.response == {"trace_id": trace(2)}


def test_old_exchanges_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = []
    for exchange in EXCHANGES[:9]:
        assert exchange.response is not None
        document = json.loads(line(exchange.request, json.dumps(exchange.response)))
        document["eventMetadata"] = {"inferenceTime": "2024-02-29T10:00:00Z"}
        lines.append(json.dumps(document))
    (tmp_path / "x.jsonl").write_text("\n".join(lines), encoding="utf-8")
    run(tmp_path, tmp_path / "questions.jsonl")
    assert "0 answers were rated down" in capsys.readouterr().out
    feedback.main(
        [f"--capture={tmp_path}", f"--questions={tmp_path / 'questions.jsonl'}", "--days=36500"]
    )
    assert "2 answers were rated down" in capsys.readouterr().out


def test_no_build_is_measured_by_feedback_until_a_person_has_looked_at_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what the disliked answer cited as evidence, the same mistake would count as right."""
    chunks = [LEAVE, TRAVEL]
    given = [
        Question(f"How long is leave number {number}?", "question", (Evidence(LEAVE.document),))
        for number in range(12)
    ]
    unhappy = [
        Question("Is leave paid?", FEEDBACK, (Evidence(TRAVEL.document),)),
        Question("Who pays for taxis?", FEEDBACK, ()),
    ]
    path = tmp_path / "questions.jsonl"

    def asked() -> list[Question]:
        settings = EvaluateSettings(questions="questions.jsonl")
        return list(question_set(settings, path, chunks, terms()).usable)

    write_questions([*given, *unhappy], path)
    assert asked() == given
    assert "not asked, because they wait for review: 2 of feedback" in capsys.readouterr().out
    # Reading and writing the file, as the job does, keeps them waiting.
    write_questions(load_questions(path), path)
    assert asked() == given
    right = Question("Is leave paid?", FEEDBACK, (Evidence(LEAVE.document),), (), True)
    write_questions([*given, right, replace(unhappy[1], reviewed=True)], path)
    *_, paid, taxis = asked()
    assert paid == right and taxis.type == UNANSWERABLE
