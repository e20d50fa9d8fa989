"""The questions of an evaluation: what is asked, where its answer stands, and of which kind it is.

They are kept as JSON Lines that people review and edit. Evidence names a document, a heading in it,
words of the passage, or words alone where several documents say the same; never offsets, so that
questions outlive other chunks and edits. A question without evidence is one that the documents do
not answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from source.errors import UserError

UNANSWERABLE = "unanswerable"
# What people disliked an answer to: nobody has said yet where the right one stands.
FEEDBACK = "feedback"


class QuestionsUnusable(UserError):
    """The file of questions cannot be used; the text names the line and what to change."""


class Located(Protocol):
    """What evidence is compared with: a chunk of the index or a passage that was found."""

    @property
    def document(self) -> str: ...
    @property
    def headings(self) -> tuple[str, ...]: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True)
class Evidence:
    """Where an answer stands. `heading` is one of the passage's headings, `quote` words in it.

    Without a document, every passage with the quote will do.
    """

    document: str | None = None
    heading: str | None = None
    quote: str | None = None

    def is_in(self, passage: Located) -> bool:
        """Whether a passage is this evidence."""
        if self.document is not None and passage.document != self.document:
            return False
        if self.heading is not None and _plain(self.heading) not in map(_plain, passage.headings):
            return False
        return self.quote is None or _plain(self.quote) in _plain(passage.text)


@dataclass(frozen=True)
class Question:
    """`type` groups questions in the report; `labels` are those of the caller who asks."""

    question: str
    type: str
    evidence: tuple[Evidence, ...]
    labels: tuple[str, ...] = ()
    reviewed: bool = False

    @property
    def waits(self) -> bool:
        """Whether it came from feedback and nobody has reviewed it: no build is measured by it."""
        return _waits(self.type, self.reviewed)

    @property
    def id(self) -> str:
        """A hash of who asks what: other questions that come or go do not change it."""
        return _hash(self.question, *sorted(self.labels))[:12]

    @property
    def answerable(self) -> bool:
        """Whether the documents have an answer."""
        return bool(self.evidence)


class _EvidenceLine(BaseModel):
    model_config = ConfigDict(extra="forbid")

    document: str | None = Field(default=None, min_length=1)
    heading: str | None = None
    quote: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _points_somewhere(self) -> Self:
        if self.document is None and self.quote is None:
            raise ValueError("name a document, or words of the passage as quote")
        return self


class _QuestionLine(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, pattern=r"\S")
    type: str = Field(default="question", min_length=1)
    evidence: list[_EvidenceLine]
    labels: list[str] = Field(default_factory=list)
    reviewed: bool = False


def load_questions(path: Path) -> list[Question]:
    """The questions of a file, or of a folder's one .jsonl file. Raises `QuestionsUnusable`."""
    file = _file(path)
    found: dict[str, Question] = {}
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        try:
            item = _QuestionLine.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "the line"
            raise QuestionsUnusable(f"{file}, line {number}: {place}: {first['msg']}") from None
        question = Question(
            item.question.strip(),
            item.type if item.evidence or _waits(item.type, item.reviewed) else UNANSWERABLE,
            tuple(Evidence(one.document, one.heading, one.quote) for one in item.evidence),
            tuple(item.labels),
            item.reviewed,
        )
        if question.id in found:
            raise QuestionsUnusable(f"{file}, line {number}: asked before: {question.question!r}")
        found[question.id] = question
    if not found:
        raise QuestionsUnusable(f"{file}: it holds no question")
    return list(found.values())


def write_questions(questions: Iterable[Question], path: Path) -> None:
    """One question a line, its fields in an order that is easy to edit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for question in questions:
        evidence = [
            {
                key: value
                for key, value in (
                    ("document", one.document),
                    ("heading", one.heading),
                    ("quote", one.quote),
                )
                if value is not None
            }
            for one in question.evidence
        ]
        line: dict[str, object] = {
            "question": question.question,
            "type": question.type,
            "evidence": evidence,
        }
        if question.labels:
            line["labels"] = list(question.labels)
        lines.append(json.dumps({**line, "reviewed": question.reviewed}, ensure_ascii=False) + "\n")
    path.write_text("".join(lines), encoding="utf-8")


@dataclass(frozen=True)
class Split:
    """`validation` questions choose settings; `test` questions measure what was chosen."""

    validation: tuple[Question, ...]
    test: tuple[Question, ...]


def split_questions(questions: Sequence[Question], validation_share: float) -> Split:
    """Deal by a hash of each question, so that one stays on its side when others come."""
    validation: list[Question] = []
    test: list[Question] = []
    for question in questions:
        place = int(_hash("split", question.id)[:8], 16) / 2**32
        (validation if place < validation_share else test).append(question)
    return Split(tuple(validation), tuple(test))


@dataclass(frozen=True)
class Resolved:
    """Questions that can be asked of an index, and those whose evidence is not in it."""

    usable: tuple[Question, ...]
    lost: tuple[Question, ...] = field(default_factory=tuple)


def resolve(questions: Sequence[Question], chunks: Iterable[Located]) -> Resolved:
    """Sort out questions of which no chunk is evidence, for example of removed documents."""
    by_document: dict[str, list[Located]] = {}
    every = list(chunks)
    for chunk in every:
        by_document.setdefault(chunk.document, []).append(chunk)
    usable: list[Question] = []
    lost: list[Question] = []
    for question in questions:
        there = not question.evidence or any(
            one.is_in(chunk)
            for one in question.evidence
            for chunk in (every if one.document is None else by_document.get(one.document, ()))
        )
        (usable if there else lost).append(question)
    return Resolved(tuple(usable), tuple(lost))


def _waits(kind: str, reviewed: bool) -> bool:
    return kind == FEEDBACK and not reviewed


def _file(path: Path) -> Path:
    if not path.is_dir():
        return path
    files = sorted(path.rglob("*.jsonl"))
    if len(files) != 1:
        raise QuestionsUnusable(f"{path}: it holds {len(files)} .jsonl files; one is needed")
    return files[0]


def _lines(file: Path) -> Iterator[str]:
    try:
        yield from file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionsUnusable(
            f"{file}: {error}; `make questions` writes one to start from"
        ) from error


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
