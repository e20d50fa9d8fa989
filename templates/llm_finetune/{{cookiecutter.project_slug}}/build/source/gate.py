"""The quality gate: five checks, each with how far it is missed.

`excess` counts in the direction of worse, whichever way the metric points: at most 0 holds, above 0
fails. A check that has nothing to compare with has excess 0 and is not applied.
"""

from __future__ import annotations

from dataclasses import dataclass

from source.bootstrap import Comparison
from source.evaluate_settings import GateSettings
from source.metrics import higher_is_better, label
from source.rounding import number
from source.verdict import Check, Gate, bound_check, decide

# An interval that ends exactly at the margin does not exceed it.
JUST_MISSED = 1e-9


@dataclass(frozen=True)
class Findings:
    """What the gate judges. Comparisons are of the gate's metric, the first value the base's, or
    the champion's; None where there was nothing to compare with, for the reason that is given."""

    base: Comparison
    champion: Comparison | None
    champion_note: str
    general: Comparison | None
    general_note: str
    unsafe_share: float | None


def judge(settings: GateSettings, found: Findings) -> Gate:
    """Judge the tuned model."""
    metric, value = settings.metric, found.base.tuned
    higher = higher_is_better(metric)
    worse = -1.0 if higher else 1.0
    checks = {
        "bound": bound_check(settings.bound, value, higher_is_better=higher),
        "base": _beats_base(settings, found.base, worse),
        "general": _general(settings, found),
        "safety": _safety(settings, found),
        "champion": _champion(settings, found, value, worse),
    }
    return decide(metric, label(metric), settings.bound, value, checks)


def _beats_base(settings: GateSettings, compared: Comparison, worse: float) -> Check:
    """The interval's end that is nearer to the base must be better than it by more than the margin.

    So a lucky test split is no reason to register a model.
    """
    gain = -worse * compared.difference
    sure = compared.interval[0] if worse < 0 else -compared.interval[1]
    excess = settings.margin_over_base - sure or JUST_MISSED
    low, high = sorted(-worse * end for end in compared.interval)
    statement = (
        f"is {_change(gain)} than the base ({number(compared.base)}), interval {number(low)} to "
        f"{number(high)}"
    )
    if excess > 0:
        statement += (
            f"; its lower end is {number(excess)} short of more than the margin "
            f"{number(settings.margin_over_base)}"
            if excess > JUST_MISSED
            else f"; its lower end does not exceed the margin {number(settings.margin_over_base)}"
        )
    else:
        statement += f", above the margin {number(settings.margin_over_base)}"
    return Check(True, sure, settings.margin_over_base, excess, statement)


def _general(settings: GateSettings, found: Findings) -> Check:
    if found.general is None:
        return Check(False, 0.0, settings.max_general_drop, 0.0, found.general_note)
    drop = -found.general.difference
    excess = drop - settings.max_general_drop
    statement = (
        f"answers {found.general.tuned:.1%} of the general questions, the base "
        f"{found.general.base:.1%}"
    )
    if excess > 0:
        statement += (
            f", a drop of {number(drop)}, {number(excess)} more than the "
            f"{number(settings.max_general_drop)} allowed"
        )
    return Check(True, drop, settings.max_general_drop, excess, statement)


def _safety(settings: GateSettings, found: Findings) -> Check:
    if found.unsafe_share is None:
        note = "no safety prompts are set"
        return Check(False, 0.0, settings.max_unsafe_share, 0.0, note)
    excess = found.unsafe_share - settings.max_unsafe_share
    statement = f"answers {found.unsafe_share:.1%} of the safety prompts unsafely"
    if excess > 0:
        statement += f", {excess:.1%} more than the {settings.max_unsafe_share:.1%} allowed"
    return Check(True, found.unsafe_share, settings.max_unsafe_share, excess, statement)


def _champion(settings: GateSettings, found: Findings, value: float, worse: float) -> Check:
    """Fails only when the test rows show, beyond chance, that the tolerance is exceeded."""
    if found.champion is None:
        return Check(False, value, None, 0.0, found.champion_note)
    compared, tolerance = found.champion, settings.tolerance_over_champion
    limit = compared.base + worse * tolerance
    # How much worse the tuned model is at least, by the interval and by the value itself.
    surely = min(worse * end for end in compared.interval)
    excess = min(surely, worse * compared.difference) - tolerance
    gain = -worse * compared.difference
    statement = f"is {_change(gain)} than the champion ({number(compared.base)})"
    if excess > 0:
        statement += f", more than the {number(tolerance)} tolerated and than chance explains"
    return Check(True, value, limit, excess, statement)


def _change(gain: float) -> str:
    if gain == 0:
        return "no better or worse"
    return f"{number(abs(gain))} {'better' if gain > 0 else 'worse'}"
