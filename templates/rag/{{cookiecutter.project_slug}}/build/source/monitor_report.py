"""What was found about a window of questions as one HTML file that needs nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from source.monitor_checks import NAMES
from source.monitor_findings import SHOWN, Monitoring, milliseconds
from source.monitor_plots import how_far_apart, questions_by_day, shares_and_bounds
from source.monitor_window import Window
from source.page import banner, cards, cell, image, page, table
from source.rounding import number
from source.verdict_page import check_outcome

LONGEST = 300


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
    word = "In bounds" if found.passed else "Out of bounds"
    if found.passed and not found.decided:
        word = "Not decided"
    figures = [
        ("Questions", f"{len(window.asked):,}", ""),
        ("Different questions", f"{len(window.distinct()):,}", ""),
        ("Ratings", f"{len(window.ratings):,}", ""),
        *((NAMES[name], f"{share.value:.1%}", "") for name, share in found.shares.items()),
    ]
    failed = f"; {window.failed:,} questions got no answer" if window.failed else ""
    return (
        f"<h1>{escape(title)}: what it is asked</h1>"
        f'<p class="muted">{window.since:%Y-%m-%d %H:%M} to {window.until:%Y-%m-%d %H:%M} UTC, '
        f"compared with {escape(found.reference.name)} "
        f"({len(found.reference.questions):,} different questions){failed}</p>"
        f"{banner(found.passed, word, found.message)}{cards(figures)}"
    )


def _checks(found: Monitoring) -> str:
    rows = [
        [NAMES[name], check_outcome(check), check.statement, cell(check.limit)]
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
        plot = questions_by_day(found.window)
        pictures.append(image(plot, "Questions of each day and how they ended"))
    if found.shares:
        plot = shares_and_bounds(found.shares, found.checks)
        pictures.append(image(plot, "Shares with their intervals and bounds"))
    if found.drift is not None:
        plot = how_far_apart(found.drift.found)
        pictures.append(image(plot, "How far window and reference can be told apart"))
    return "".join(pictures)


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
