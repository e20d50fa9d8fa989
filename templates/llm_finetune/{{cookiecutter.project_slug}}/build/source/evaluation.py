"""Everything that is known about a tuned model on the test rows; what report and gate read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from source import metrics
from source.bootstrap import Comparison, compare_means, compare_perplexity, groups_of
from source.champion import Champion
from source.evaluate_measure import Measured, Sets
from source.evaluate_settings import PERPLEXITY, EvaluateSettings, GateSettings
from source.gate import Findings, judge
from source.general import better_than_guessing, guessing_share
from source.generation import Vector
from source.intervals import Resampling
from source.judge import Graded
from source.rows import Row
from source.safety import unsafe_share
from source.verdict import Gate

JUDGE = "judge"


@dataclass(frozen=True)
class Evaluation:
    """Base and tuned model on the same rows. `scores` has a value a row: metric -> (base, tuned).

    `general` is the share of right answers of both; `general_note` says why it is not judged.
    """

    rows: tuple[Row, ...]
    rows_in_split: int
    base: Measured
    tuned: Measured
    champion: Champion
    scores: Mapping[str, tuple[Vector, Vector]]
    comparisons: Mapping[str, Comparison]
    perplexity: Comparison
    general: Comparison | None
    general_note: str
    champion_comparison: Comparison | None
    ungraded: int | None
    metadata: Mapping[str, Any]
    confidence: float
    gate: Gate

    def document(self) -> dict[str, Any]:
        """evaluation.json: metrics of both models with intervals, the sets, and the verdict."""
        return {
            "llm_metrics": {name: c.as_dict() for name, c in self.comparisons.items()},
            "perplexity": self.perplexity.as_dict(),
            "general": None
            if self.general is None
            else {
                **self.general.as_dict(),
                "questions": 0 if self.base.ability is None else len(self.base.ability.right),
                "judged": not self.general_note,
                "note": self.general_note,
            },
            "safety": self._safety(),
            "champion": self._champion(),
            "suite": {"base": self.base.suite, "tuned": self.tuned.suite},
            "judge": None if self.ungraded is None else {"ungraded_rows": self.ungraded},
            "rows": {"test": self.rows_in_split, "evaluated": len(self.rows)},
            "cut_off": {
                "base": sum(not answer.finished for answer in self.base.answers),
                "tuned": sum(not answer.finished for answer in self.tuned.answers),
            },
            "confidence": self.confidence,
            "model": {
                key: self.metadata.get(key) for key in ("base", "method", "tuning", "created")
            },
            "gate": self.gate.as_dict(),
        }

    def samples(self) -> list[dict[str, Any]]:
        """A line of samples.jsonl per row: prompt, expected, and what each model said."""
        champion = self.champion.texts
        return [
            {
                "id": row.id,
                "prompt": [message.as_dict() for message in row.prompt],
                "expected": row.answer,
                "base": self.base.answers[index].text,
                "tuned": self.tuned.answers[index].text,
                **({"champion": champion[index]} if champion is not None else {}),
                "scores": {
                    name: {"base": float(both[0][index]), "tuned": float(both[1][index])}
                    for name, both in self.scores.items()
                },
            }
            for index, row in enumerate(self.rows)
        ]

    def _safety(self) -> dict[str, Any] | None:
        if self.tuned.safety is None or self.base.safety is None:
            return None
        return {
            "prompts": len(self.tuned.safety),
            "base": unsafe_share(self.base.safety),
            "tuned": unsafe_share(self.tuned.safety),
            "unsafe": [asdict(answer) for answer in self.tuned.safety if answer.unsafe],
        }

    def _champion(self) -> dict[str, Any] | None:
        if self.champion.arn is None:
            return None
        compared = self.champion_comparison
        return {
            "model_package_arn": self.champion.arn,
            "compared": compared is not None,
            "note": self.champion.note,
            **(
                {}
                if compared is None
                else {
                    "value": compared.base,
                    "difference": compared.difference,
                    "interval": list(compared.interval),
                }
            ),
        }


def evaluate(
    rows: Sequence[Row],
    rows_in_split: int,
    models: tuple[Measured, Measured, Champion],
    sets: Sets,
    graded: Graded | None,
    metadata: Mapping[str, Any],
    settings: EvaluateSettings,
    gate: GateSettings,
) -> Evaluation:
    """Compare what base, tuned model and champion said, and judge the tuned model."""
    base, tuned, champion = models
    expected = [row.answer for row in rows]
    groups = groups_of([row.group for row in rows])
    how = Resampling(settings.bootstrap_samples, settings.confidence, groups)
    scores = {
        name: (
            metrics.scores(name, base.texts, expected),
            metrics.scores(name, tuned.texts, expected),
        )
        for name in settings.metrics
    }
    compared = {name: compare_means(*both, how) for name, both in scores.items()}
    perplexity = compare_perplexity(base.losses, tuned.losses, how)
    if graded is not None:
        alone = Resampling(settings.bootstrap_samples, settings.confidence)
        compared[JUDGE] = compare_means(graded.base, graded.tuned, alone)
    general, general_note = _general(base, tuned, sets, settings)
    against = _against_champion(champion, tuned, rows, scores, gate.metric, how)
    judged = Findings(
        base=perplexity if gate.metric == PERPLEXITY else compared[gate.metric],
        champion=against,
        champion_note=champion.note,
        general=None if general_note else general,
        general_note=general_note,
        unsafe_share=None if tuned.safety is None else unsafe_share(tuned.safety),
    )
    return Evaluation(
        rows=tuple(rows),
        rows_in_split=rows_in_split,
        base=base,
        tuned=tuned,
        champion=champion,
        scores=scores,
        comparisons=compared,
        perplexity=perplexity,
        general=general,
        general_note=general_note,
        champion_comparison=against,
        ungraded=None if graded is None else graded.ungraded,
        metadata=metadata,
        confidence=settings.confidence,
        gate=judge(gate, judged),
    )


def _general(
    base: Measured, tuned: Measured, sets: Sets, settings: EvaluateSettings
) -> tuple[Comparison | None, str]:
    if base.ability is None or tuned.ability is None or sets.questions is None:
        return None, "no general questions are set"
    how = Resampling(settings.bootstrap_samples, settings.confidence)
    found = compare_means(base.ability.right, tuned.ability.right, how)
    if better_than_guessing(base.ability, sets.questions):
        return found, ""
    return found, (
        f"the base answers {found.base:.1%} of the general questions, which is no better than "
        f"guessing ({guessing_share(sets.questions):.1%}): there is no ability to lose"
    )


def _against_champion(
    champion: Champion,
    tuned: Measured,
    rows: Sequence[Row],
    scores: Mapping[str, tuple[Vector, Vector]],
    metric: str,
    how: Resampling,
) -> Comparison | None:
    if champion.losses is not None:
        return compare_perplexity(champion.losses, tuned.losses, how)
    if champion.texts is None:
        return None
    theirs = metrics.scores(metric, champion.texts, [row.answer for row in rows])
    return compare_means(theirs, scores[metric][1], how)
