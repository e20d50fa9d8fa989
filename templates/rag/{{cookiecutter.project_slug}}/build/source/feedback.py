"""Records what people think of answers, and turns what they disliked into evaluation questions.

    python -m source.feedback --capture FOLDER_OR_S3 --questions questions/questions.jsonl

An endpoint's data capture has the questions, the answers with their trace ids, and the feedback
that names these ids. The job joins them. What people rated "down" is added to the file of questions
as type `feedback`, not reviewed: a person then says where the answer stands, or that there is none,
and marks it reviewed. Until then no build is measured by it.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from source import tracing
from source.answer_log import log_rating
from source.capture import Exchange, read_exchanges
from source.capture_source import CAPTURE, captured_folder
from source.errors import UserError
from source.exits import run_step
from source.questions import FEEDBACK, Evidence, Question, load_questions, write_questions
from source.serving_request import Feedback

NAME = "user_rating"
DAYS = 30

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Disliked:
    """A question whose answer was rated down; `documents` are what it cited."""

    question: str
    labels: tuple[str, ...]
    documents: tuple[str, ...]
    refused: bool
    comments: tuple[str, ...]


def record(feedback: Feedback) -> None:
    """Count feedback in the log and, where answers are traced, put it beside the answer's trace."""
    log_rating(feedback.rating)
    if not tracing.enabled():
        return
    import mlflow
    from mlflow.entities import AssessmentSource, AssessmentSourceType
    from mlflow.exceptions import MlflowException

    try:
        mlflow.log_feedback(
            trace_id=feedback.trace_id,
            name=NAME,
            value=feedback.rating == "up",
            rationale=feedback.comment or None,
            source=AssessmentSource(AssessmentSourceType.HUMAN, "client"),
        )
    except MlflowException as error:
        # Most answers are not traced, only a share of them: the captured data has it.
        log.info("feedback on %s has no trace: %s", feedback.trace_id, error)


def disliked(exchanges: Iterable[Exchange]) -> list[Disliked]:
    """The questions that were rated down and never up, each once, in the order they were asked."""
    asked: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], bool]] = {}
    ratings: dict[str, list[tuple[str, str]]] = {}
    for exchange in exchanges:
        request, response = exchange.request or {}, exchange.response or {}
        trace = response.get("trace_id")
        if "question" in request and trace:
            cited = dict.fromkeys(str(one["document"]) for one in response.get("citations", ()))
            asked[str(trace)] = (
                str(request["question"]).strip(),
                tuple(map(str, request.get("labels") or ())),
                tuple(cited),
                bool(response.get("refused")),
            )
        elif isinstance(request.get("feedback"), dict) and response.get("recorded"):
            # What the endpoint has recorded was checked by it.
            given = Feedback.model_validate(request["feedback"])
            ratings.setdefault(given.trace_id, []).append((given.rating, given.comment))
    found: dict[tuple[str, tuple[str, ...]], Disliked] = {}
    liked = set()
    for trace, (question, labels, documents, refused) in asked.items():
        for rating, comment in ratings.get(trace, ()):
            if rating == "up":
                liked.add((question, labels))
                continue
            before = found.get((question, labels))
            comments = (*(before.comments if before else ()), *([comment] if comment else ()))
            found[question, labels] = Disliked(question, labels, documents, refused, comments)
    return [one for key, one in found.items() if key not in liked]


def new_questions(found: Iterable[Disliked], known: Sequence[Question]) -> list[Question]:
    """Questions to review, without those that are there already.

    What an answer cited is put down as evidence to start from, since a reviewer has to look at it
    anyway; a refusal leaves the question without evidence.
    """
    there = {question.id for question in known}
    questions: dict[str, Question] = {}
    for one in found:
        evidence = tuple(Evidence(document) for document in one.documents)
        question = Question(one.question, FEEDBACK, evidence, one.labels)
        if question.id not in there:
            questions.setdefault(question.id, question)
    return list(questions.values())


def main(arguments: Sequence[str] | None = None) -> None:
    """Add the questions that people were unhappy with to the file of questions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--capture",
        default=os.environ.get(CAPTURE, ""),
        help=f"folder or s3://bucket/prefix of captured data (default: ${CAPTURE})",
    )
    parser.add_argument(
        "--days", type=int, default=DAYS, help=f"what was captured in so many days ({DAYS})"
    )
    parser.add_argument("--questions", type=Path, default=Path("questions/questions.jsonl"))
    options = parser.parse_args(arguments)
    run_step(lambda: _add(options.capture, options.days, options.questions))


def _add(capture: str, days: int, path: Path) -> None:
    if days < 1:
        raise UserError(f"--days is {days}; use 1 or more")
    known = load_questions(path) if path.exists() else []
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="capture-") as temporary:
        folder = captured_folder(capture, now - timedelta(days=days), now, Path(temporary))
        unhappy = disliked(read_exchanges(folder, since=now - timedelta(days=days)))
    added = new_questions(unhappy, known)
    if added:
        write_questions([*known, *added], path)
    print(f"{len(unhappy)} answers were rated down; {len(added)} questions added to {path}")
    comments = {(one.question, one.labels): one.comments for one in unhappy}
    for question in added:
        said = "; ".join(comments[question.question, question.labels]) or "no comment"
        print(f"  {question.question}  ({said})")


if __name__ == "__main__":
    main()
