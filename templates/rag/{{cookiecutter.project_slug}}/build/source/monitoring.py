"""Measures a window of questions, compares it with the reference, and holds it to the bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from source.encoders import Kind, Vectors
from source.intervals import Resampling, interval
from source.monitor_checks import DISLIKED, EMPTY, REFUSED, UNKNOWN, compare_with_bounds, summary
from source.monitor_findings import SHOWN, Compared, Group, Monitoring, Reference
from source.monitor_settings import EVALUATED, MonitorSettings
from source.monitor_window import Asked, Share, Window
from source.query_drift import draw, drift
from source.terms import Terms
from source.words import content_words

RESAMPLES = 1000


class Reader(Protocol):
    """What monitoring needs of an encoder."""

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage") -> Vectors: ...


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
    checks = compare_with_bounds(compared, shares, reference, decided, settings)
    return Monitoring(
        window=window,
        reference=reference,
        drift=compared,
        shares=shares,
        unknown=dict(unknown.most_common(SHOWN)),
        groups=_groups(window.asked),
        checks=checks,
        decided=decided,
        message=summary(checks, len(questions), decided, settings),
    )


def reference_name(settings: MonitorSettings) -> str:
    """Which questions a window is compared with, in words."""
    if settings.reference == EVALUATED:
        return "the reviewed questions of the evaluation"
    return f"those of the {settings.reference_days} days before"


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
