"""What a client may send to /invocations, a question or feedback on an answer: read and checked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from source.answering import Asked
from source.json_requests import RefusedRequest, explain, read_object

LONGEST_QUESTION = 4000
LONGEST_COMMENT = 4000
MOST_PASSAGES = 50

Scalar = str | int | float | bool
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Range(BaseModel):
    """Metadata between two values, both included; one may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min: float | str | None = None
    max: float | str | None = None


class QuestionRequest(BaseModel):
    """A question. The application in front of the endpoint says which labels its caller has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: Annotated[str, Field(max_length=LONGEST_QUESTION, pattern=r"\S")]
    labels: Annotated[list[Name], Field(max_length=200)] = []
    filters: Annotated[dict[Name, Scalar | list[Scalar] | Range], Field(max_length=20)] = {}
    top_k: Annotated[int, Field(ge=1, le=MOST_PASSAGES)] | None = None
    stream: bool = False

    def asked(self, top_k: int) -> Asked:
        """The question; `top_k` is how many passages are taken unless the client says."""
        filters = {
            key: value.model_dump(exclude_none=True) if isinstance(value, Range) else value
            for key, value in self.filters.items()
        }
        return Asked(self.question.strip(), tuple(self.labels), filters, self.top_k or top_k)


class Feedback(BaseModel):
    """What a person thinks of the answer with a trace id."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trace_id: Annotated[str, Field(pattern=r"^tr-[0-9a-f]{32}$")]
    rating: Literal["up", "down"]
    comment: Annotated[str, Field(max_length=LONGEST_COMMENT)] = ""


class FeedbackRequest(BaseModel):
    """Feedback on an earlier answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    feedback: Feedback


Request = QuestionRequest | FeedbackRequest


def read_request(body: bytes) -> Request:
    """The request in a body; its fields say which it is. Raises `RefusedRequest`."""
    document = read_object(body)
    if ("question" in document) == ("feedback" in document):
        raise RefusedRequest("give either a question, or feedback on an earlier answer")
    kind = QuestionRequest if "question" in document else FeedbackRequest
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise RefusedRequest(explain(error)) from error
