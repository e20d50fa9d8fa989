"""Compares candidates on the same rows and chooses one; a complex model must earn its place.

For every row the losses of two candidates are compared, so that what makes a row hard for both
cancels out. The choice is the simplest candidate that is not worse than the best one by more than
`standard_errors` standard errors of that difference (the one-standard-error rule of Breiman et
al. 1984, with paired differences).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from source.candidates import Candidate, Fitted, LearningCurve, Rows, fit_candidate, predict
from source.metrics import Scores, Vector, row_loss, score
from source.resampling import Index, Resampling, observation_units, set_aside
from source.schema import TableSchema
from source.sections import TrainSettings


@dataclass(frozen=True)
class Standing:
    """One candidate's result: scores, and how far it is behind the best by the deciding metric.

    `behind` and both standard errors are in that metric's unit (RMSE also decides for R²).
    """

    name: str
    label: str
    complexity: int
    scores: Scores
    standard_error: float
    behind: float
    behind_standard_error: float
    seconds: float
    rounds: int | None


@dataclass(frozen=True)
class Selection:
    """All standings, simplest first, the winner and why it won."""

    metric: str
    method: str
    standings: tuple[Standing, ...]
    winner: str
    reason: str
    time_limited: bool
    # Of every boosting candidate, how the first fold was learnt.
    curves: Mapping[str, LearningCurve]

    def of(self, name: str) -> Standing:
        """The standing of one candidate."""
        return next(standing for standing in self.standings if standing.name == name)

    def as_dict(self) -> dict[str, Any]:
        """As candidates.json and the report have it: without the curves."""
        document = asdict(self)
        del document["curves"]
        return document


def select(
    candidates: Sequence[Candidate],
    rows: Rows,
    schema: TableSchema,
    resampling: Resampling,
    settings: TrainSettings,
    deadline: float,
) -> Selection:
    """Fit and score every candidate on every fold, and choose.

    After `deadline` (`time.monotonic`) no further fold is begun; the first one always is.
    """
    predicted: dict[str, list[Vector]] = {candidate.name: [] for candidate in candidates}
    rounds: dict[str, list[int]] = {candidate.name: [] for candidate in candidates}
    seconds = dict.fromkeys(predicted, 0.0)
    curves: dict[str, LearningCurve] = {}
    done = []
    for number, fold in enumerate(resampling.folds):
        if number and time.monotonic() > deadline:
            break
        done.append(fold)
        for candidate in candidates:
            started = time.monotonic()
            fitted = fit_with_stopping(
                candidate, rows.take(fold.fit), schema, settings, settings.seed + number, deadline
            )
            predicted[candidate.name].append(predict(fitted.pipeline, rows.take(fold.score).frame))
            seconds[candidate.name] += time.monotonic() - started
            if fitted.rounds is not None:
                rounds[candidate.name].append(fitted.rounds)
            if fitted.curve is not None:
                curves.setdefault(candidate.name, fitted.curve)
    scored = np.concatenate([fold.score for fold in done])
    actual = rows.target[scored]
    stacked = {name: np.concatenate(parts) for name, parts in predicted.items()}
    loss = row_loss(settings.metric)
    standings, winner, reason = _decide(
        candidates,
        {name: loss(actual, values) for name, values in stacked.items()},
        observation_units(rows.frame, schema)[scored],
        {name: score(actual, values) for name, values in stacked.items()},
        settings,
        seconds,
        {name: round(float(np.median(n))) if n else None for name, n in rounds.items()},
    )
    return Selection(
        metric=settings.metric,
        method=resampling.description,
        standings=standings,
        winner=winner,
        reason=reason,
        time_limited=len(done) < len(resampling.folds) or time.monotonic() > deadline,
        curves=curves,
    )


def fit_with_stopping(
    candidate: Candidate,
    rows: Rows,
    schema: TableSchema,
    settings: TrainSettings,
    seed: int,
    deadline: float | None = None,
) -> Fitted:
    """Fit on `rows`; for boosting some of them are set aside, whose error ends the training."""
    if candidate.family != "xgboost":
        return fit_candidate(candidate, rows, schema, settings)
    fit, stop = set_aside(rows.frame, schema, seed)
    return fit_candidate(
        candidate, rows.take(fit), schema, settings, stopping=rows.take(stop), deadline=deadline
    )


def _decide(
    candidates: Sequence[Candidate],
    losses: Mapping[str, Vector],
    units: Index,
    scores: Mapping[str, Scores],
    settings: TrainSettings,
    seconds: Mapping[str, float],
    rounds: Mapping[str, int | None],
) -> tuple[tuple[Standing, ...], str, str]:
    best = min(losses, key=lambda name: losses[name].mean())
    standings = []
    for candidate in sorted(candidates, key=lambda candidate: candidate.complexity):
        own, theirs = losses[candidate.name], losses[best]
        behind, behind_error = difference(own, theirs, units, settings.metric)
        standings.append(
            Standing(
                name=candidate.name,
                label=candidate.label,
                complexity=candidate.complexity,
                scores=scores[candidate.name],
                standard_error=difference(own, np.zeros_like(own), units, settings.metric)[1],
                behind=behind,
                behind_standard_error=behind_error,
                seconds=round(seconds[candidate.name], 2),
                rounds=rounds[candidate.name],
            )
        )
    winner = next(
        standing
        for standing in standings
        if standing.behind <= settings.standard_errors * standing.behind_standard_error
    )
    return tuple(standings), winner.name, _reason(standings, winner, best, settings)


def difference(own: Vector, other: Vector, units: Index, metric: str) -> tuple[float, float]:
    """By how much `own` losses are worse, and the standard error of that, in the metric's unit.

    Losses of the same unit (a row that is scored in several repeats, or the rows of a group) are
    not independent: their sum is what varies (the cluster-robust error of a mean). Squared losses
    are compared as RMSE: sqrt(a) - sqrt(b) = (a - b) / (sqrt(a) + sqrt(b)), whose error is, to
    first order, that of a - b over the same sum.
    """
    gap = own - other
    mean = float(gap.mean())
    sums = np.bincount(np.unique(units, return_inverse=True)[1], weights=gap - mean)
    count = len(sums)
    error = math.sqrt(count / (count - 1) * float((sums**2).sum())) / len(gap) if count > 1 else 0.0
    if metric == "mae":
        return mean, error
    scale = math.sqrt(own.mean()) + math.sqrt(other.mean())
    return (mean / scale, error / scale) if scale > 0 else (0.0, 0.0)


def _reason(
    standings: Sequence[Standing], winner: Standing, best: str, settings: TrainSettings
) -> str:
    metric = "MAE" if settings.metric == "mae" else "RMSE"
    leader = next(standing for standing in standings if standing.name == best)
    if winner.name != best:
        return (
            f"{winner.label} is chosen: {leader.label} is better by {winner.behind:.4g} {metric}, "
            f"which is within {settings.standard_errors:g} standard error(s) "
            f"({winner.behind_standard_error:.4g}), and the simpler model wins a tie"
        )
    others = [standing for standing in standings if standing is not winner]
    if not others:
        return f"{winner.label} is the only candidate"
    closest = min(others, key=lambda standing: standing.behind)
    errors = closest.behind / closest.behind_standard_error if closest.behind_standard_error else 0
    return (
        f"{winner.label} is chosen: it is better than {closest.label} by {closest.behind:.4g} "
        f"{metric}, {errors:.1f} standard errors of the difference"
    )
