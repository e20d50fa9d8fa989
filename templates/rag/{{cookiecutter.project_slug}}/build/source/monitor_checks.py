"""Whether what was measured stays within the bounds, each time in words that name the figures."""

from __future__ import annotations

from collections.abc import Mapping

from source.monitor_findings import Compared, Reference
from source.monitor_settings import MonitorSettings
from source.monitor_window import Share
from source.verdict import Check

DRIFT, UNKNOWN, EMPTY, REFUSED, DISLIKED = "drift", "unknown_words", "empty", "refused", "disliked"
# What people call them.
NAMES = {
    DRIFT: "Questions like those before",
    UNKNOWN: "Words that no document has",
    EMPTY: "Questions without any passage",
    REFUSED: "Refused questions",
    DISLIKED: "Answers rated down",
}


def compare_with_bounds(
    compared: Compared | None,
    shares: Mapping[str, Share],
    reference: Reference,
    decided: bool,
    settings: MonitorSettings,
) -> dict[str, Check]:
    """A check by each of `NAMES`; without enough to be `decided` by, only ratings are judged."""
    words = {
        UNKNOWN: ("of the questions' words stand in no document", settings.max_unknown_words),
        EMPTY: ("of the questions found no passage", settings.max_empty),
        REFUSED: ("of the questions were refused", settings.max_refused),
        DISLIKED: ("of the rated answers were rated down", settings.max_disliked),
    }
    checks = {DRIFT: _drift_check(compared, reference, decided, settings)}
    for name, (text, bound) in words.items():
        share = shares.get(name)
        least = settings.min_ratings if name == DISLIKED else 0
        enough = share is not None and share.count >= least and (decided or name == DISLIKED)
        checks[name] = _share_check(share if enough else None, text, bound, least)
    return checks


def _share_check(share: Share | None, text: str, bound: float | None, least: int) -> Check:
    """A share exceeds its bound when all of its interval does."""
    if share is None:
        few = f"fewer than {least} answers were rated" if least else "too few questions"
        return Check(False, 0.0, bound, 0.0, f"{few}: not judged")
    low, high = share.interval
    said = f"{share.value:.1%} {text} ({low:.1%} to {high:.1%})"
    if bound is None:
        return Check(False, share.value, None, 0.0, f"{said}; there is no bound")
    return Check(True, share.value, bound, low - bound, f"{said}; the bound is {bound:.0%}")


def _drift_check(
    compared: Compared | None, reference: Reference, decided: bool, settings: MonitorSettings
) -> Check:
    bound = settings.max_drift
    if compared is None:
        few = len(reference.questions)
        why = (
            f"{reference.name} are {few}, {settings.min_questions} are needed to compare with"
            if decided
            else "too few questions"
        )
        return Check(False, 0.0, bound, 0.0, f"{why}: not judged")
    found = compared.found
    said = (
        f"questions can be told from {reference.name} with an AUC of {found.auc:.2f} "
        f"(0.5 is not at all, {found.chance:.2f} happens by chance; p = {found.p_value:.3f})"
    )
    if bound is None:
        return Check(False, found.auc, None, 0.0, f"{said}; there is no bound")
    # However far it is: what chance may well have done is no drift.
    excess = found.auc - bound if found.p_value <= settings.significance else 0.0
    return Check(True, found.auc, bound, excess, f"{said}; the bound is {bound:.2f}")


def summary(
    checks: Mapping[str, Check], questions: int, decided: bool, settings: MonitorSettings
) -> str:
    """The verdict on so many different questions in a sentence."""
    failed = [check.statement for check in checks.values() if not check.passed]
    if failed:
        return "; ".join(failed)
    if not decided:
        return (
            f"{questions} different questions were captured, {settings.min_questions} are needed: "
            "too few to decide anything"
        )
    applied = sum(check.applied for check in checks.values())
    return f"nothing exceeds its bound ({applied} of {len(checks)} checks could be made)"
