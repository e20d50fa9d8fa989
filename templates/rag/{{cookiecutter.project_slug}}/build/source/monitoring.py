"""Everything that is known about the questions of a window; what report and verdict read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from source.encoders import Kind, Vectors
from source.intervals import Resampling, interval
from source.monitor_settings import EVALUATED, MonitorSettings
from source.monitor_window import Asked, Share, Window
from source.query_drift import Drift, draw, drift
from source.terms import Terms
from source.verdict import Check
from source.words import content_words

DRIFT, UNKNOWN, EMPTY, REFUSED, DISLIKED = "drift", "unknown_words", "empty", "refused", "disliked"
SHOWN = 20
RESAMPLES = 1000


class Reader(Protocol):
    """What monitoring needs of an encoder."""

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage") -> Vectors: ...


@dataclass(frozen=True)
class Reference:
    """Questions to compare with. `name` says in words which they are."""

    name: str
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Compared:
    """The test of drift; `questions` are those of the window that it looked at."""

    found: Drift
    questions: tuple[str, ...]

    @property
    def unlike(self) -> list[str]:
        """The questions that are least like the reference, the first the least."""
        order = np.argsort(-self.found.unlike, kind="stable")
        return [self.questions[place] for place in order[:SHOWN]]


@dataclass(frozen=True)
class Group:
    """Those who asked with the same labels."""

    labels: tuple[str, ...]
    questions: int
    empty: float
    refused: float


@dataclass(frozen=True)
class Monitoring:
    """One window; None is what there was too little of."""

    window: Window
    reference: Reference
    drift: Compared | None
    shares: Mapping[str, Share]
    unknown: Mapping[str, int]
    groups: tuple[Group, ...]
    checks: Mapping[str, Check]
    decided: bool
    message: str

    @property
    def passed(self) -> bool:
        """Whether nothing exceeds its bound; what could not be decided exceeds none."""
        return all(check.passed for check in self.checks.values())

    def document(self) -> dict[str, Any]:
        """monitor.json."""
        window, found = self.window, self.drift
        return {
            "window": {
                "since": window.since.isoformat(),
                "until": window.until.isoformat(),
                "questions": len(window.asked),
                "distinct_questions": len(window.distinct()),
                "failed": window.failed,
                "ratings": len(window.ratings),
            },
            "reference": {"name": self.reference.name, "questions": len(self.reference.questions)},
            "decided": self.decided,
            "passed": self.passed,
            "message": self.message,
            "checks": {name: asdict(check) for name, check in self.checks.items()},
            "drift": None
            if found is None
            else {
                "auc": found.found.auc,
                "p_value": found.found.p_value,
                "chance": found.found.chance,
                "unlike": found.unlike,
            },
            "shares": {name: asdict(share) for name, share in self.shares.items()},
            "unknown_words": dict(self.unknown),
            "labels": [asdict(group) for group in self.groups],
            "milliseconds": milliseconds(window.asked),
        }


def monitor(
    window: Window,
    reference: Reference,
    encoder: Reader,
    terms: Terms,
    settings: MonitorSettings,
) -> Monitoring:
    """Measure a window, and hold it to the bounds."""
    questions = window.distinct()
    decided = len(questions) >= settings.min_questions
    compared = None
    if decided and len(reference.questions) >= settings.min_questions:
        compared = _compare(questions, reference.questions, encoder)
    shares, unknown = _shares(window, questions, terms, settings.confidence)
    checks = _checks(compared, shares, reference, decided, settings)
    return Monitoring(
        window=window,
        reference=reference,
        drift=compared,
        shares=shares,
        unknown=dict(unknown.most_common(SHOWN)),
        groups=_groups(window.asked),
        checks=checks,
        decided=decided,
        message=_message(checks, len(questions), decided, settings),
    )


def milliseconds(asked: Sequence[Asked]) -> dict[str, dict[str, float]] | None:
    """Median and 95% quantile of each step's time; None where the capture does not say."""
    timed = [one.seconds for one in asked if one.seconds]
    if not timed:
        return None
    found = {}
    for name in sorted({name for one in timed for name in one}):
        times = [one[name] * 1000 for one in timed if name in one]
        p50, p95 = np.quantile(times, [0.5, 0.95])
        found[name] = {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}
    return found


def _compare(questions: Sequence[str], reference: Sequence[str], encoder: Reader) -> Compared:
    drawn = draw(questions)
    found = drift(
        encoder.encode(drawn, kind="question"), encoder.encode(draw(reference), kind="question")
    )
    return Compared(found, tuple(drawn))


def _shares(
    window: Window, questions: Sequence[str], terms: Terms, confidence: float
) -> tuple[dict[str, Share], Counter[str]]:
    """Shares that can be computed, and the words that no passage has, with how often they came."""
    found: dict[str, Share] = {}
    unknown: Counter[str] = Counter()
    if window.asked:
        same = [one.same_as for one in window.asked]
        found[EMPTY] = Share.of([one.empty for one in window.asked], confidence, same)
        found[REFUSED] = Share.of([one.refused for one in window.asked], confidence, same)
        words = [content_words(question) for question in questions]
        strange = [[word for word in each if word not in terms.frequencies] for each in words]
        unknown.update(word for each in strange for word in each)
        counts = np.array([[len(a), len(b)] for a, b in zip(strange, words, strict=True)], float)
        if counts[:, 1].sum():
            found[UNKNOWN] = _ratio(counts, confidence)
    if window.ratings:
        found[DISLIKED] = Share.of([not up for up in window.ratings], confidence)
    return found, unknown


def _ratio(counts: Any, confidence: float) -> Share:
    """The share of words: those of one question belong together, so questions are drawn."""

    def share(drawn: Any) -> Any:
        sums = drawn @ counts
        return sums[:, 0] / np.maximum(sums[:, 1], 1)

    whole = counts.sum(axis=0)
    ends = interval(len(counts), share, Resampling(RESAMPLES, confidence))
    return Share(float(whole[0] / whole[1]), ends, int(whole[1]))


def _checks(
    compared: Compared | None,
    shares: Mapping[str, Share],
    reference: Reference,
    decided: bool,
    settings: MonitorSettings,
) -> dict[str, Check]:
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


def _groups(asked: Sequence[Asked]) -> tuple[Group, ...]:
    by_labels: dict[tuple[str, ...], list[Asked]] = {}
    for one in asked:
        by_labels.setdefault(one.labels, []).append(one)
    order = sorted(by_labels.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        Group(
            labels,
            len(those),
            sum(one.empty for one in those) / len(those),
            sum(one.refused for one in those) / len(those),
        )
        for labels, those in order[:SHOWN]
    )


def _message(
    checks: Mapping[str, Check], questions: int, decided: bool, settings: MonitorSettings
) -> str:
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


def reference_name(settings: MonitorSettings) -> str:
    """Which questions a window is compared with, in words."""
    if settings.reference == EVALUATED:
        return "the reviewed questions of the evaluation"
    return f"those of the {settings.reference_days} days before"
