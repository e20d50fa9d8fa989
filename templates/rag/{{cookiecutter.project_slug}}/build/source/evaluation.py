"""Everything that is known about an index on the test questions; what report and gate read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from source.champion import Champion
from source.evaluate_measure import HYBRID, WAYS, Answered, Ranked
from source.evaluate_settings import EvaluateSettings, GateSettings
from source.gate import Difference, Findings, judge
from source.generation_settings import GenerationSettings
from source.intervals import Resampling, Vector, mean_interval
from source.judge import Graded
from source.questions import Question
from source.ranking_metrics import METRICS
from source.verdict import Gate


@dataclass(frozen=True)
class Figure:
    """A mean over `count` questions and its interval."""

    value: float
    interval: tuple[float, float]
    count: int

    @classmethod
    def of(cls, values: Vector, how: Resampling) -> Figure:
        """The mean of a value a question."""
        return cls(float(values.mean()), mean_interval(values, how), len(values))

    def as_dict(self) -> dict[str, Any]:
        """As evaluation.json has it."""
        return {"value": self.value, "interval": list(self.interval), "count": self.count}


@dataclass(frozen=True)
class AnswerFigures:
    """Means over answers; None where there was none to look at."""

    answered: float
    citation_correct: float | None
    cites_evidence: float | None
    faithfulness: float | None
    relevance: float | None
    refusal: float | None
    intervened: int


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one caller asking alone."""

    p50: float
    p95: float


@dataclass(frozen=True)
class Evaluation:
    """One index on its test questions. `scores` has a value an answerable question: way, metric."""

    questions: tuple[Question, ...]
    ranked: Ranked
    scores: Mapping[str, Mapping[str, Vector]]
    answers: tuple[Answered, ...]
    figures: Mapping[str, Mapping[str, Figure]]
    by_type: Mapping[str, Mapping[str, Mapping[str, Figure]]]
    answer_figures: AnswerFigures
    graded: Graded | None
    latency: Mapping[str, Latency]
    usd_per_query: float | None
    tokens: tuple[float, float]
    champion: Champion
    champion_difference: Difference | None
    lost: tuple[Question, ...]
    validation: int
    self_found: float
    package: Mapping[str, Any]
    confidence: float
    gate: Gate

    def document(self) -> dict[str, Any]:
        """evaluation.json."""
        return {
            "retrieval_metrics": {
                way: {
                    **{name: figure.as_dict() for name, figure in figures.items()},
                    "by_type": {
                        kind: {name: figure.as_dict() for name, figure in ways[way].items()}
                        for kind, ways in self.by_type.items()
                    },
                }
                for way, figures in self.figures.items()
            },
            "answers": {**asdict(self.answer_figures), "judges": self._judges()},
            "latency": {
                name: {"p50_ms": each.p50, "p95_ms": each.p95}
                for name, each in self.latency.items()
            },
            "cost": {
                "usd_per_query": self.usd_per_query,
                "input_tokens_per_query": self.tokens[0],
                "output_tokens_per_query": self.tokens[1],
            },
            "champion": self._champion(),
            "questions": {
                "test": len(self.questions),
                "answerable": sum(question.answerable for question in self.questions),
                "validation": self.validation,
                "lost": len(self.lost),
                "reviewed": sum(question.reviewed for question in self.questions),
            },
            "vectors": {"found_by_own_text": self.self_found},
            "confidence": self.confidence,
            "package": dict(self.package),
            "gate": self.gate.as_dict(),
        }

    @property
    def answerable(self) -> list[Question]:
        """Those that the scores are of, in their order."""
        return [question for question in self.questions if question.answerable]

    def _judges(self) -> dict[str, Any] | None:
        if self.graded is None:
            return None
        means = {
            name: float(np.mean(values)) if values else None
            for name, values in self.graded.grades.items()
        }
        return {**means, "ungraded": self.graded.ungraded}

    def _champion(self) -> dict[str, Any] | None:
        if self.champion.arn is None:
            return None
        found = self.champion_difference
        return {
            "model_package_arn": self.champion.arn,
            "compared": found is not None,
            "note": self.champion.note,
            **({} if found is None else {"value": found.other, **asdict(found)}),
        }


@dataclass(frozen=True)
class Measured:
    """What was measured, before anything is computed from it; answers are to all questions."""

    questions: tuple[Question, ...]
    ranked: Ranked
    answers: tuple[Answered, ...]
    champion: Champion
    graded: Graded | None
    lost: tuple[Question, ...]
    validation: int
    self_found: float
    package: Mapping[str, Any]


def evaluate(
    measured: Measured,
    settings: EvaluateSettings,
    gate: GateSettings,
    generation: GenerationSettings,
) -> Evaluation:
    """Compute means, intervals and differences, and judge."""
    how = Resampling(settings.bootstrap_samples, settings.confidence)
    asked = [question for question in measured.questions if question.answerable]
    ways = [way for way in WAYS if way in measured.ranked.passages]
    scores: dict[str, dict[str, Vector]] = {
        way: measured.ranked.all_scores(way, asked) for way in ways
    }
    hybrid = scores[HYBRID][gate.metric]
    against: dict[str, Difference] = {
        way: _difference(hybrid, scores[way][gate.metric], how) for way in ways if way != HYBRID
    }
    champion = None
    if measured.champion.ranked is not None:
        theirs = measured.champion.ranked.scores(HYBRID, gate.metric, asked)
        champion = _difference(hybrid, theirs, how)
    answers = _answer_figures(measured.answers)
    latency = _latency(measured.answers)
    findings = Findings(
        value=float(hybrid.mean()),
        ways=against,
        champion=champion,
        champion_note=measured.champion.note,
        answered=answers.answered,
        citation_correct=answers.citation_correct,
        refusal=answers.refusal,
        latency_ms=latency["answer"].p95,
    )
    tokens = _tokens(measured.answers)
    return Evaluation(
        questions=measured.questions,
        ranked=measured.ranked,
        scores=scores,
        answers=measured.answers,
        figures={way: _figures(values, how) for way, values in scores.items()},
        by_type=_by_type(asked, scores, how),
        answer_figures=answers,
        graded=measured.graded,
        latency=latency,
        usd_per_query=usd_per_query(tokens, generation),
        tokens=tokens,
        champion=measured.champion,
        champion_difference=champion,
        lost=measured.lost,
        validation=measured.validation,
        self_found=measured.self_found,
        package=measured.package,
        confidence=settings.confidence,
        gate=judge(gate, findings),
    )


def usd_per_query(tokens: tuple[float, float], generation: GenerationSettings) -> float | None:
    """What the language model costs a query; 0 without one, None where its prices are not set."""
    if generation.model_id is None or generation.kind == "extractive":
        return 0.0
    prices = (generation.usd_per_1k_input_tokens, generation.usd_per_1k_output_tokens)
    if prices[0] is None or prices[1] is None:
        return None
    return (tokens[0] * prices[0] + tokens[1] * prices[1]) / 1000


def _figures(values: Mapping[str, Vector], how: Resampling) -> dict[str, Figure]:
    return {metric: Figure.of(values[metric], how) for metric in METRICS}


def _by_type(
    asked: Sequence[Question], scores: Mapping[str, Mapping[str, Vector]], how: Resampling
) -> dict[str, dict[str, dict[str, Figure]]]:
    kinds = sorted({question.type for question in asked})
    found = {}
    for kind in kinds:
        own = np.array([question.type == kind for question in asked])
        found[kind] = {
            way: _figures({metric: values[own] for metric, values in each.items()}, how)
            for way, each in scores.items()
        }
    return found


def _difference(hybrid: Vector, other: Vector, how: Resampling) -> Difference:
    gains = hybrid - other
    return Difference(float(other.mean()), float(gains.mean()), mean_interval(gains, how))


def _answer_figures(answers: Sequence[Answered]) -> AnswerFigures:
    asked = [one for one in answers if one.question.answerable]
    others = [one for one in answers if not one.question.answerable]
    given = [one.checked for one in answers if not one.checked.refused]
    right = [one.checked for one in asked if not one.checked.refused]

    def mean(values: Sequence[float | None]) -> float | None:
        known = [float(value) for value in values if value is not None]
        return sum(known) / len(known) if known else None

    return AnswerFigures(
        answered=len(right) / len(asked),
        citation_correct=mean([one.citations_correct for one in given]),
        cites_evidence=mean([one.cites_evidence for one in right]),
        faithfulness=mean([one.faithfulness for one in given]),
        relevance=mean([one.relevance for one in right]),
        refusal=mean([float(one.checked.refused) for one in others]),
        intervened=sum(one.answer.intervened for one in answers),
    )


def _latency(answers: Sequence[Answered]) -> dict[str, Latency]:
    steps = {
        name: [one.answer.seconds[name] for one in answers] for name in ("retrieval", "generation")
    }
    whole = [sum(times) for times in zip(*steps.values(), strict=True)]

    def latency(seconds: Sequence[float]) -> Latency:
        p50, p95 = np.quantile(seconds, [0.5, 0.95]) * 1000
        return Latency(round(float(p50), 3), round(float(p95), 3))

    return {name: latency(times) for name, times in {**steps, "answer": whole}.items()}


def _tokens(answers: Sequence[Answered]) -> tuple[float, float]:
    return (
        float(np.mean([one.answer.usage.input_tokens for one in answers])),
        float(np.mean([one.answer.usage.output_tokens for one in answers])),
    )
