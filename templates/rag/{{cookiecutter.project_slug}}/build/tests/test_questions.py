"""Questions: made by rules, written by a model, kept in a file that people edit."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from answer_index import ENTRIES, LEAVE, SALARY, TRAVEL, Entry, terms
from test_generators_bedrock import error

from source.bedrock_reply import ModelUnavailable
from source.evaluate_settings import EvaluateSettings, ModelSettings
from source.prompts import load_prompts
from source.question_model import ask_model
from source.question_rules import INVENTED, generate
from source.question_set import question_set
from source.questions import (
    UNANSWERABLE,
    Evidence,
    Question,
    QuestionsUnusable,
    load_questions,
    resolve,
    split_questions,
    write_questions,
)

FILLER = "Small parts that turn together are oiled in winter before heavy work begins outside. " * 2


def corpus(sections: int = 30) -> list[Entry]:
    """Sections of five documents, each with a heading and words of its own."""
    return [
        Entry(
            f"doc{number % 5}#{number}",
            f"doc{number % 5}.md",
            f"Manual volume{number % 5} overview",
            (f"Cleaning pump{number}",),
            f"The pump{number} valve is a device of the plant. {FILLER}",
            start=1000 * number,
            labels=("staff",) if number % 5 == 0 else (),
        )
        for number in range(sections)
    ]


def test_rules_make_every_kind_of_question() -> None:
    chunks = corpus()
    made = generate(chunks, terms(*chunks), answerable=40, unanswerable=8)
    kinds = {kind: [q for q in made if q.type == kind] for kind in {q.type for q in made}}
    assert set(kinds) == {"heading", "title", "definition", "vague", UNANSWERABLE}
    assert len(made) - len(kinds[UNANSWERABLE]) == 40 and len(kinds[UNANSWERABLE]) == 8
    assert all(
        re.fullmatch(r"What is the pump\d+ valve\?", q.question) for q in kinds["definition"]
    )
    for question in made:
        if question.answerable:
            assert any(one.is_in(c) for one in question.evidence for c in chunks)
    staff = [q for q in made if q.evidence and q.evidence[0].document == "doc0.md"]
    assert staff and all(q.labels == ("staff",) for q in staff)
    again = generate(list(reversed(chunks)), terms(*chunks), answerable=40, unanswerable=8)
    assert {q.id for q in made if q.type == "heading"} & {q.id for q in again}


def test_the_same_index_gives_the_same_questions() -> None:
    chunks = corpus()
    first = generate(chunks, terms(*chunks), answerable=25, unanswerable=6)
    assert generate(chunks, terms(*chunks), answerable=25, unanswerable=6) == first


def test_what_stands_in_two_places_is_not_asked() -> None:
    def chunk(number: int, heading: str) -> Entry:
        return Entry(f"d#{number}", f"d{number}.md", "Same title twice", (heading,), FILLER)

    chunks = [chunk(1, "See also elsewhere"), chunk(2, "See also elsewhere"), chunk(3, "Odd ones")]
    made = generate(chunks, terms(*chunks), answerable=20, unanswerable=0)
    assert [q.question for q in made if q.type == "heading"] == ["Odd ones"]
    assert not [q for q in made if q.type == "title"]


def test_unanswerable_questions_are_about_nothing_in_the_corpus() -> None:
    chunks = [*corpus(), Entry("e#1", "eggs.md", "Eggs", (), f"How long to boil an egg. {FILLER}")]
    known = terms(*chunks)
    made = generate(chunks, known, answerable=10, unanswerable=12)
    texts = [q.question for q in made if q.type == UNANSWERABLE]
    assert len(texts) == 12 and "How long does it take to boil an egg?" not in texts
    assert sum(any(name in text for name in INVENTED) for text in texts) == 6


def test_evidence_outlives_other_chunks() -> None:
    evidence = Evidence("hr/leave.md", "parental  LEAVE", "lasts 14 weeks")
    assert evidence.is_in(LEAVE)
    assert evidence.is_in(Entry("x", "hr/leave.md", "", LEAVE.headings, "It lasts\n14 weeks."))
    assert not evidence.is_in(Entry("x", "hr/leave.md", "", (), LEAVE.text))
    assert not evidence.is_in(Entry("x", "hr/leave.md", "", LEAVE.headings, "lasts 15 weeks"))
    assert not evidence.is_in(TRAVEL)


def test_a_file_survives_reading_and_writing(tmp_path: Path) -> None:
    path = tmp_path / "questions" / "questions.jsonl"
    questions = [
        Question("Wie lange?", "question", (Evidence("a.md", "B", "c"),), ("x",), True),
        Question("Why “quotes”?", "heading", (Evidence("a.md"), Evidence("b.md"))),
        Question("Who asks?", UNANSWERABLE, ()),
    ]
    write_questions(questions, path)
    assert load_questions(path) == questions == load_questions(path.parent)
    assert "Wie" in path.read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('{"question": "a?", "evidence": []}\n{"question": "b?"}', "line 2: evidence: Field"),
        ('{"question": " ", "evidence": []}', "line 1: question"),
        ('{"question": "a?", "evidence": [{"file": "x"}]}', r"line 1: evidence\.0"),
        ('{"question": "a?", "evidence": []}\n{"question": "a? ", "evidence": []}', "asked before"),
        ("not json", "line 1: the line: Invalid JSON"),
        ("\n", "holds no question"),
    ],
)
def test_a_mistake_in_the_file_is_named(lines: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(lines, encoding="utf-8")
    with pytest.raises(QuestionsUnusable, match=said):
        load_questions(path)


def test_a_question_stays_on_its_side_when_others_come() -> None:
    questions = [Question(f"What is {n}?", "question", (Evidence("a"),)) for n in range(500)]
    few, many = split_questions(questions[:250], 0.4), split_questions(questions, 0.4)
    assert set(few.validation) <= set(many.validation) and set(few.test) <= set(many.test)
    assert 0.33 < len(many.validation) / 500 < 0.47


def test_questions_of_removed_documents_are_left_out() -> None:
    kept = Question("How long?", "question", (Evidence("hr/leave.md"),))
    lost = Question("How far?", "question", (Evidence("hr/gone.md"),))
    never = Question("How deep?", UNANSWERABLE, ())
    found = resolve([kept, lost, never], ENTRIES)
    assert found.usable == (kept, never) and found.lost == (lost,)


def test_a_set_that_says_little_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    line = {"question": "q?", "evidence": [{"document": "gone.md"}]}
    path.write_text(json.dumps(line), encoding="utf-8")
    settings = EvaluateSettings(questions="questions/questions.jsonl")
    with pytest.raises(QuestionsUnusable, match="0 of 1 questions can be answered") as refused:
        question_set(settings, path, ENTRIES, terms())
    assert "about other documents, set evaluate.questions to generated" in str(refused.value)
    with pytest.raises(QuestionsUnusable, match="make questions"):
        question_set(settings, tmp_path / "none.jsonl", ENTRIES, terms())


class Writer:
    """A client of Bedrock that replies what it is told to, or fails."""

    def __init__(self, *replies: str | Exception) -> None:
        self.replies = list(replies)
        self.requests: list[dict[str, Any]] = []

    def converse(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        said = self.replies.pop(0)
        if isinstance(said, Exception):
            raise said
        return {"output": {"message": {"content": [{"text": said}]}}}


def test_a_model_writes_questions_about_passages() -> None:
    from botocore.exceptions import ClientError

    prompt = load_prompts(Path(__file__).resolve().parent.parent / "prompts")["write_questions"]
    chunks = corpus(4)
    replies = ("How is pump 0 cleaned?", "NO_QUESTION", "Sure! Here is one.", "Welche Pumpe?")
    settings = ModelSettings("vendor.model", max_questions=4)
    client = Writer(*replies)
    made = ask_model(chunks, settings, prompt, client)
    assert [q.question for q in made] == ["How is pump 0 cleaned?", "Welche Pumpe?"]
    for question in made:
        assert [c for c in chunks if question.evidence[0].is_in(c)], "its own passage is evidence"
        assert not question.reviewed
    assert client.requests[0]["system"][0]["text"] == prompt.system
    refused = ClientError(error("AccessDeniedException"), "Converse")
    with pytest.raises(ModelUnavailable, match=r"evaluate\.question_model"):
        ask_model(chunks, settings, prompt, Writer(refused))


def test_salaries_are_asked_for_by_the_board() -> None:
    long = Entry(**{**vars(SALARY), "text": SALARY.text * 4, "headings": ("Directors salaries",)})
    made = generate([long], terms(long), answerable=5, unanswerable=2)
    assert made and all(question.labels == ("board",) for question in made)
