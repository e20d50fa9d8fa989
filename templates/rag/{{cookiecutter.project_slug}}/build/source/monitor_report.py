"""What was found about a window of questions as one HTML file that needs nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from html import escape

import numpy as np
from matplotlib.axes import Axes

from source.figure import BLUE, DARK, GREY, ORANGE, name_bars, png
from source.monitor_window import Share, Window
from source.monitoring import (
    DISLIKED,
    DRIFT,
    EMPTY,
    REFUSED,
    SHOWN,
    UNKNOWN,
    Monitoring,
    milliseconds,
)
from source.page import cell, image, page, table
from source.rounding import number
from source.verdict import Check

CHECKS = {
    DRIFT: "Questions like those before",
    UNKNOWN: "Words that no document has",
    EMPTY: "Questions without any passage",
    REFUSED: "Refused questions",
    DISLIKED: "Answers rated down",
}
SHARES = {key: CHECKS[key] for key in (UNKNOWN, EMPTY, REFUSED, DISLIKED)}
LONGEST = 300
BINS = 30


def render(found: Monitoring, title: str) -> str:
    """The page."""
    body = [
        _head(found, title),
        _checks(found),
        _pictures(found),
        _unlike(found),
        _words(found),
        _refused(found.window),
        _groups(found),
        _times(found.window),
    ]
    return page(f"{title}: what it is asked", [part for part in body if part])


def _head(found: Monitoring, title: str) -> str:
    window = found.window
    look = "pass" if found.passed else "fail"
    word = "In bounds" if found.passed else "Out of bounds"
    if found.passed and not found.decided:
        word = "Not decided"
    cards = [("Questions", f"{len(window.asked):,}"), ("Ratings", f"{len(window.ratings):,}")]
    cards.insert(1, ("Different questions", f"{len(window.distinct()):,}"))
    cards += [(SHARES[name], f"{share.value:.1%}") for name, share in found.shares.items()]
    shown = "".join(f'<div class="card">{text}<b>{value}</b></div>' for text, value in cards)
    failed = f"; {window.failed:,} questions got no answer" if window.failed else ""
    return (
        f"<h1>{escape(title)}: what it is asked</h1>"
        f'<p class="muted">{window.since:%Y-%m-%d %H:%M} to {window.until:%Y-%m-%d %H:%M} UTC, '
        f"compared with {escape(found.reference.name)} "
        f"({len(found.reference.questions):,} different questions){failed}</p>"
        f'<div class="verdict {look}"><strong>{word}</strong><br>{escape(found.message)}</div>'
        f'<div class="cards">{shown}</div>'
    )


def _checks(found: Monitoring) -> str:
    def verdict(check: Check) -> str:
        return "not judged" if not check.applied else "✓ holds" if check.passed else "✗ exceeded"

    rows = [
        [CHECKS[name], verdict(check), check.statement, cell(check.limit)]
        for name, check in found.checks.items()
    ]
    note = (
        "A share exceeds its bound when its whole interval does. The same question asked again "
        "counts for less there; drift looks at each question once."
    )
    heads = ["Check", "Verdict", "In words", "#Bound"]
    return f'<h2>Checks</h2>{table(heads, rows)}<p class="muted">{note}</p>'


def _pictures(found: Monitoring) -> str:
    pictures = []
    if found.window.asked:
        pictures.append(image(_days(found.window), "Questions of each day and how they ended"))
    if found.shares:
        pictures.append(image(_shares(found), "Shares with their intervals and bounds"))
    if found.drift is not None:
        pictures.append(image(_apart(found), "How far window and reference can be told apart"))
    return "".join(pictures)


def _days(window: Window) -> bytes:
    """Stacked bars: answered, refused, and without passages."""
    days = (window.until - window.since) // timedelta(days=1)
    names = [f"{window.since + timedelta(days=day):%d %b}" for day in range(days)]
    counts: Counter[tuple[int, str]] = Counter()
    for one in window.asked:
        kind = "empty" if one.empty else "refused" if one.refused else "answered"
        counts[min((one.at - window.since) // timedelta(days=1), days - 1), kind] += 1

    def bars(axes: Axes) -> None:
        bottom = np.zeros(days)
        for kind, colour in (("answered", BLUE), ("refused", ORANGE), ("empty", DARK)):
            heights = np.array([counts[day, kind] for day in range(days)])
            axes.bar(range(days), heights, bottom=bottom, color=colour, label=kind)
            bottom += heights
        step = max(1, days // 10)
        axes.set_xticks(range(0, days, step), names[::step])
        axes.grid(visible=False, axis="x")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8)
        axes.set(ylabel="questions", title="Questions by day")

    return png((10.0, 2.8), [bars])


def _shares(found: Monitoring) -> bytes:
    shares: list[tuple[str, Share]] = [(name, found.shares[name]) for name in found.shares][::-1]

    def dots(axes: Axes) -> None:
        for row, (name, share) in enumerate(shares):
            low, high = share.interval
            axes.plot([low, high], [row, row], color=BLUE, lw=3, solid_capstyle="butt")
            axes.plot([share.value], [row], "o", color=BLUE)
            limit = found.checks[name].limit
            if limit is not None:
                axes.plot([limit, limit], [row - 0.35, row + 0.35], color=ORANGE, lw=2)
        name_bars(axes, [SHARES[name] for name, _ in shares])
        axes.set_xlim(0, 1)
        axes.set_ylim(-0.6, len(shares) - 0.4)
        axes.set(xlabel="share with its interval; the bound in orange", title="Shares")

    return png((10.0, 0.9 + 0.5 * len(shares)), [dots])


def _apart(found: Monitoring) -> bytes:
    assert found.drift is not None
    test = found.drift.found
    edges = np.histogram_bin_edges(np.concatenate([test.unlike, test.reference]), BINS)

    def bars(axes: Axes) -> None:
        for values, colour, name in (
            (test.reference, GREY, "reference"),
            (test.unlike, BLUE, "window"),
        ):
            share = np.full(len(values), 1 / len(values))
            axes.hist(values, edges, weights=share, color=colour, alpha=0.6, label=name)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8)
        axes.set(
            xlabel="left: like the questions of the reference; right: like those of the window",
            ylabel="share of questions",
            title="How far the two can be told apart",
        )

    return png((10.0, 2.6), [bars])


def _unlike(found: Monitoring) -> str:
    if found.drift is None:
        return ""
    rows = [[_short(question)] for question in found.drift.unlike]
    return (
        f"<h2>Questions least like {escape(found.reference.name)}</h2>{table(['Question'], rows)}"
    )


def _words(found: Monitoring) -> str:
    if not found.unknown:
        return ""
    rows = [[word, str(count)] for word, count in found.unknown.items()]
    note = "Stems of words in the questions that stand in no passage: what people miss, or misspell"
    heads = ["Word", "#Questions' words"]
    return f'<h2>Unknown words</h2><p class="muted">{note}.</p>{table(heads, rows)}'


def _refused(window: Window) -> str:
    """What was refused most often: candidates for new documents."""
    texts: dict[str, str] = {}
    times: Counter[str] = Counter()
    for one in window.asked:
        if one.refused:
            texts.setdefault(one.same_as, one.question)
            times[one.same_as] += 1
    if not times:
        return ""
    rows = [[_short(texts[same]), str(count)] for same, count in times.most_common(SHOWN)]
    return f"<h2>Refused questions</h2>{table(['Question', '#Times'], rows)}"


def _groups(found: Monitoring) -> str:
    if not any(group.labels for group in found.groups):
        return ""
    rows = [
        [", ".join(group.labels) or "none", f"{group.questions:,}"]
        + [f"{share:.1%}" for share in (group.empty, group.refused)]
        for group in found.groups
    ]
    filtered = sum(one.filtered for one in found.window.asked)
    note = f"{filtered:,} of {len(found.window.asked):,} questions had filters."
    heads = ["Labels of the caller", "#Questions", "#Empty", "#Refused"]
    return f'<h2>By labels</h2>{table(heads, rows)}<p class="muted">{note}</p>'


def _times(window: Window) -> str:
    times = milliseconds(window.asked)
    if times is None:
        return ""
    rows: Sequence[Sequence[str]] = [
        [name, number(each["p50"]), number(each["p95"])] for name, each in times.items()
    ]
    return "<h2>Latency</h2>" + table(["Step", "#Median ms", "#95% ms"], rows)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"
