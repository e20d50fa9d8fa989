"""The quality gate: six checks, each with how far it is missed.

`excess` counts in the direction of worse: at most 0 holds, above 0 fails. A check that has nothing
to compare with has excess 0 and is not applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from source.evaluate_settings import GateSettings
from source.ranking_metrics import LABELS
from source.rounding import number
from source.verdict import Check, Gate, bound_check, decide

WAYS = {"bm25": "BM25", "dense": "dense"}


@dataclass(frozen=True)
class Difference:
    """The gate's metric of another way or index on the same questions, and hybrid minus that."""

    other: float
    difference: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Findings:
    """What the gate judges, of the gate's metric; None where there was nothing to measure."""

    value: float
    ways: Mapping[str, Difference]
    champion: Difference | None
    champion_note: str
    answered: float
    citation_correct: float | None
    refusal: float | None
    latency_ms: float


def judge(settings: GateSettings, found: Findings) -> Gate:
    """Judge the index, its settings and its prompts."""
    checks = {
        "bound": bound_check(settings.bound, found.value, higher_is_better=True),
        **{way: _single(settings, found.value, WAYS[way], found.ways.get(way)) for way in WAYS},
        "answers": _answers(settings, found),
        "champion": _champion(settings, found),
        "latency": _latency(settings, found.latency_ms),
    }
    metric = settings.metric
    return decide(metric, LABELS[metric], settings.bound, found.value, checks)


def _single(settings: GateSettings, value: float, name: str, found: Difference | None) -> Check:
    if found is None:
        return Check(False, value, None, 0.0, f"there is no {name} retrieval to compare with")
    tolerance = settings.tolerance_to_single_ways
    return _compared(found, value, tolerance, f"{name} alone")


def _answers(settings: GateSettings, found: Findings) -> Check:
    """The worst of three shares decides: answered, correctly cited, refused where they should."""
    shares = {
        "of the answerable questions are answered": (found.answered, settings.min_answered),
        "of the citations are correct": (found.citation_correct, settings.min_citation_correct),
        "of the unanswerable questions are refused": (found.refusal, settings.min_refusal),
    }
    known = [(text, value, limit) for text, (value, limit) in shares.items() if value is not None]
    missed = [one for one in known if one[1] < one[2]]
    _, value, limit = max(known, key=lambda one: one[2] - one[1])
    if missed:
        statement = " and ".join(
            f"{value:.1%} {text}, {limit - value:.1%} short of {limit:.1%}"
            for text, value, limit in missed
        )
    else:
        statement = ", ".join(f"{value:.1%} {text}" for text, value, _ in known)
    return Check(True, value, limit, limit - value, statement)


def _champion(settings: GateSettings, found: Findings) -> Check:
    if found.champion is None:
        return Check(False, found.value, None, 0.0, found.champion_note)
    tolerance = settings.tolerance_over_champion
    return _compared(found.champion, found.value, tolerance, "the champion")


def _compared(found: Difference, value: float, tolerance: float, name: str) -> Check:
    """Fails only when the questions show, beyond chance, that the tolerance is exceeded.

    A hundred questions cannot tell two ways apart that differ by two of them.
    """
    surely = min(-end for end in found.interval)
    excess = min(surely, -found.difference) - tolerance
    statement = f"is {_change(found.difference)} than {name} ({number(found.other)})"
    if excess > 0:
        statement += f", surely {number(excess)} more than the {number(tolerance)} tolerated"
    elif -found.difference > tolerance:
        statement += ", which may be chance"
    return Check(True, value, found.other - tolerance, excess, statement)


def _latency(settings: GateSettings, latency_ms: float) -> Check:
    limit = settings.max_latency_ms
    if limit is None:
        return Check(False, latency_ms, None, 0.0, "no limit of latency is set")
    excess = latency_ms - limit
    how = "over" if excess > 0 else "within"
    statement = (
        f"95% of the answers take up to {number(latency_ms)} ms, {number(abs(excess))} ms {how} "
        f"the limit"
    )
    return Check(True, latency_ms, limit, excess, statement)


def _change(gain: float) -> str:
    if gain == 0:
        return "no better or worse"
    return f"{number(abs(gain))} {'better' if gain > 0 else 'worse'}"
