"""The quality gate: four checks on the test split, each with how far it is missed.

`excess` is in the metric's unit and counts in the direction of worse, whichever way the metric
points: at most 0 holds, above 0 fails. A check that has nothing to compare with has excess 0 and
is not applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from source.metrics import HIGHER_IS_BETTER, LABELS, Scores, Vector
from source.rounding import number
from source.sections import GateSettings
from source.verdict import Check, Gate, bound_check, decide

# One-sided: a comparison fails when at least this share of resampled test splits agrees.
CONFIDENCE = 0.95
NAMES = {"mean": "the mean", "linear": "the linear model", "champion": "the champion"}


def judge(
    settings: GateSettings,
    scores: Mapping[str, Scores],
    resampled: Mapping[str, Mapping[str, Vector]],
    champion_note: str = "there is no approved model to compare with",
) -> Gate:
    """Judge `scores["model"]` against the bound, `mean`, `linear` and, when there, `champion`.

    `resampled` are the bootstrap scores of the same models (metric -> one value per resample).
    """
    metric = settings.metric
    value = scores["model"][metric]
    higher = HIGHER_IS_BETTER[metric]
    worse = -1.0 if higher else 1.0
    checks = {
        "bound": bound_check(settings.bound, value, higher_is_better=higher),
        "mean": _beats_mean(settings, value, scores["mean"][metric], worse),
        "linear": _not_worse(settings, "linear", scores, resampled, settings.tolerance_over_linear),
    }
    if "champion" in scores:
        tolerance = settings.tolerance_over_champion
        checks["champion"] = _not_worse(settings, "champion", scores, resampled, tolerance)
    else:
        checks["champion"] = Check(False, value, None, 0.0, champion_note)
    return decide(metric, LABELS[metric], settings.bound, value, checks)


def _beats_mean(settings: GateSettings, value: float, mean: float, worse: float) -> Check:
    margin = settings.margin_over_mean
    limit = _allowance(settings.metric, mean, -margin)
    excess = worse * (value - limit)
    better = _relation(settings.metric, value, mean, worse)
    asked = _size(settings.metric, margin)
    statement = f"is {better} than always predicting the mean ({number(mean)}), {asked} is asked"
    return Check(True, value, limit, excess, statement)


def _not_worse(
    settings: GateSettings,
    other: str,
    scores: Mapping[str, Scores],
    resampled: Mapping[str, Mapping[str, Vector]],
    tolerance: float,
) -> Check:
    """Fails only when the test rows show, beyond chance, that the tolerance is exceeded.

    Both models are scored on the same resampled rows; the excess is the lower end of a one-sided
    interval of how far the model is beyond the tolerance. A small test split is thus no reason
    to turn a good model down.
    """
    metric = settings.metric
    worse = -1.0 if HIGHER_IS_BETTER[metric] else 1.0
    value, reference = scores["model"][metric], scores[other][metric]
    limit = _allowance(metric, reference, tolerance)
    beyond = worse * (
        resampled["model"][metric]
        - _allowance(metric, np.asarray(resampled[other][metric]), tolerance)
    )
    excess = float(min(np.quantile(beyond, 1 - CONFIDENCE), worse * (value - limit)))
    relation = _relation(metric, value, reference, worse)
    statement = f"is {relation} than {NAMES[other]} ({number(reference)})"
    if excess > 0:
        statement += (
            f", more than the {_size(metric, tolerance)} tolerated and than chance explains"
        )
    return Check(True, value, limit, excess, statement)


def _allowance(metric: str, reference: Any, share: float) -> Any:
    """The value that is worse than `reference` by `share`: of the error, or in R²."""
    return reference - share if HIGHER_IS_BETTER[metric] else reference * (1 + share)


def _relation(metric: str, value: float, reference: float, worse: float) -> str:
    gap = worse * (value - reference)
    if gap == 0:
        return "no better or worse"
    word = "worse" if gap > 0 else "better"
    if HIGHER_IS_BETTER[metric] or reference == 0:
        return f"{number(abs(gap))} {word}"
    return f"{abs(gap) / abs(reference):.1%} {word}"


def _size(metric: str, share: float) -> str:
    return number(share) if HIGHER_IS_BETTER[metric] else f"{share:.1%}"
