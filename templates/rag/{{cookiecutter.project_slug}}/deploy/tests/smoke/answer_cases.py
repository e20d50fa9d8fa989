"""What the sample request says of the corpus, and questions put to whatever is tested."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from operations.prediction_target import Answer, Target
from operations.sample_request import SampleRequest

JSON = "application/json"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Labelled(_Part):
    """A question that is answered from ``document``, which only callers with ``labels`` see."""

    question: str
    labels: tuple[str, ...]
    document: str


class Limits(_Part):
    """The most characters of a question, and the most passages that can be asked for."""

    question: int = Field(gt=0)
    top_k: int = Field(gt=0)


class Cases(_Part):
    """The section ``cases`` of the sample request that the build's evaluation writes."""

    documents: frozenset[str] = Field(min_length=1)
    unanswerable: str | None
    labelled: Labelled | None
    instructions: tuple[str, ...]
    limits: Limits


def cases_of(sample: SampleRequest) -> Cases:
    """The cases; the test fails where the sample request has none."""
    try:
        return Cases.model_validate(sample.cases)
    except ValidationError as error:
        pytest.fail(
            "the sample request has no cases that can be asked; build the index again with the"
            f" build repository as it is now: {error}",
            pytrace=False,
        )


def asking(sample: SampleRequest, question: str | None = None, **changes: Any) -> dict[str, Any]:
    """The sample's body, or that with another question.

    The sample's labels stay, so that there are passages to answer from.
    """
    assert isinstance(sample.body, dict), "the sample request is a question"
    return {**sample.body, "question": question or sample.body["question"], **changes}


def question_of(sample: SampleRequest) -> str:
    """The question of the sample request, which is answered."""
    return str(asking(sample)["question"])


def ask(target: Target, body: Any) -> Answer:
    """One request, whatever becomes of it."""
    return target.invoke(json.dumps(body).encode(), JSON)


def answered(target: Target, body: Any) -> dict[str, Any]:
    """The answer document of a request that must succeed."""
    answer = ask(target, body)
    assert answer.status == 200, f"{answer.status}: {answer.body.decode(errors='replace')}"
    document = json.loads(answer.body)
    missing = {"answer", "citations", "passages", "scores", "refused", "trace_id"} - set(document)
    assert not missing, f"the answer lacks {sorted(missing)}"
    return dict(document)


def documents_of(document: dict[str, Any]) -> set[str]:
    """Every document that an answer shows anything of."""
    return {part["document"] for part in (*document["passages"], *document["citations"])}


def passage_ids(document: dict[str, Any]) -> list[str]:
    """The passages of an answer, best first."""
    return [passage["chunk"] for passage in document["passages"]]


def check_citations(document: dict[str, Any], cases: Cases) -> None:
    """What is cited is in the corpus, and is quoted from a passage that came with the answer."""
    foreign = documents_of(document) - cases.documents
    assert not foreign, f"not in the corpus: {sorted(foreign)}"
    passages = {passage["chunk"]: passage for passage in document["passages"]}
    for citation in document["citations"]:
        passage = passages.get(citation["passage"])
        assert passage, f"cites {citation['passage']}, which did not come with the answer"
        assert citation["document"] == passage["document"]
        assert citation["quote"] and citation["quote"] in passage["text"], "no such words there"
        assert passage["start"] <= citation["start"] < citation["end"] <= passage["end"]
    assert not (document["refused"] and document["citations"]), "a refusal cites nothing"
