"""The pictures of a monitoring report, as PNG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

import numpy as np
from matplotlib.axes import Axes

from source.figure import BLUE, DARK, GREY, ORANGE, name_bars, png
from source.monitor_checks import NAMES
from source.monitor_window import Share, Window
from source.query_drift import Drift
from source.verdict import Check

BINS = 30


def questions_by_day(window: Window) -> bytes:
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


def shares_and_bounds(shares: Mapping[str, Share], checks: Mapping[str, Check]) -> bytes:
    """A dot with its interval for each share, the first on top, and a line where its bound is."""
    upwards = list(shares.items())[::-1]

    def dots(axes: Axes) -> None:
        for row, (name, share) in enumerate(upwards):
            low, high = share.interval
            axes.plot([low, high], [row, row], color=BLUE, lw=3, solid_capstyle="butt")
            axes.plot([share.value], [row], "o", color=BLUE)
            limit = checks[name].limit
            if limit is not None:
                axes.plot([limit, limit], [row - 0.35, row + 0.35], color=ORANGE, lw=2)
        name_bars(axes, [NAMES[name] for name, _ in upwards])
        axes.set_xlim(0, 1)
        axes.set_ylim(-0.6, len(shares) - 0.4)
        axes.set(xlabel="share with its interval; the bound in orange", title="Shares")

    return png((10.0, 0.9 + 0.5 * len(shares)), [dots])


def how_far_apart(test: Drift) -> bytes:
    """Histograms of both sides' scores, which overlap where nothing has changed."""
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
