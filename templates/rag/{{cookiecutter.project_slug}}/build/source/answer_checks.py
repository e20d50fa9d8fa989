"""What can be said about an answer without a judge: the same figures each time, from words alone.

They count words, not meaning: a faithful paraphrase may score below 1 and a fluent falsehood made
of the passages' words above 0. A judge by configuration reads what these cannot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from source.answers import Answer, Citation
from source.citations import statements
from source.question_rules import Indexed
from source.questions import Question
from source.terms import Terms
from source.words import content_words


@dataclass(frozen=True)
class Checked:
    """One answer. None where the check does not apply: nothing is cited in a refusal.

    `citations_correct` is the share of citations that quote their document word for word at the
    place they name; `cites_evidence` says whether one of them is where the answer stands.
    """

    refused: bool
    citations_correct: float | None
    cites_evidence: bool | None
    faithfulness: float | None
    relevance: float | None


def check(
    question: Question, answer: Answer, chunks: Mapping[str, Indexed], terms: Terms
) -> Checked:
    """Check an answer against the index; `chunks` are by their ids."""
    if answer.refused:
        return Checked(True, None, None, None, None)
    correct = [_is_quoted(citation, chunks) for citation in answer.citations]
    cited = [chunks[one.passage] for one in answer.citations if one.passage in chunks]
    return Checked(
        refused=False,
        # An answer without a citation has none that anyone could follow.
        citations_correct=sum(correct) / len(correct) if correct else 0.0,
        cites_evidence=(
            any(evidence.is_in(chunk) for evidence in question.evidence for chunk in cited)
            if question.answerable
            else None
        ),
        faithfulness=_faithfulness(answer, cited, terms),
        relevance=terms.coverage(content_words(question.question), content_words(answer.answer)),
    )


def _is_quoted(citation: Citation, chunks: Mapping[str, Indexed]) -> bool:
    chunk = chunks.get(citation.passage)
    if chunk is None or chunk.document != citation.document or not citation.quote:
        return False
    place = slice(max(0, citation.start - chunk.start), max(0, citation.end - chunk.start))
    return chunk.text[place] == citation.quote


def _faithfulness(answer: Answer, cited: Sequence[Indexed], terms: Terms) -> float:
    """The mean over the statements of how much of their words the cited passages have."""
    there = {word for chunk in cited for word in content_words(chunk.text)}
    said = [content_words(statement) for statement, _ in statements(answer.answer)]
    shares = [terms.coverage(words, there) for words in said if words]
    return sum(shares) / len(shares) if shares else 0.0
