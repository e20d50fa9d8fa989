"""What people disliked becomes questions to review."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from source import feedback
from source.capture import CaptureFile, Exchange, read_exchanges
from source.feedback import FEEDBACK, disliked
from source.questions import Evidence, Question, load_questions, write_questions


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
    assert "none: there is no such folder" in capsys.readouterr().err


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
