"""The pictures of a prepared data set: how long rows are, and how many fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from source.figure import BLUE, DARK, GREEN, GREY, ORANGE, png
from source.tokens import Length

COLOURS = {"train": BLUE, "validation": GREY, "test": GREEN}
BINS = 40


def token_lengths(lengths: Mapping[str, Sequence[Length]]) -> bytes:
    """Distribution of prompt and answer tokens, as shares of each side of the split."""

    def histogram(axes: Axes, part: str) -> None:
        values = {
            name: [getattr(length, part) for length in side] for name, side in lengths.items()
        }
        longest = max(max(side) for side in values.values())
        step = max(1, -(-longest // BINS))
        edges = [float(edge) for edge in range(0, longest + step + 1, step)]
        for name, side in values.items():
            weights = [1 / len(side)] * len(side)
            axes.hist(
                side, bins=edges, weights=weights, label=name, color=COLOURS[name], histtype="step"
            )
        axes.legend(loc="best")
        axes.set(xlabel=f"tokens of the {part}", ylabel="share of rows", title=part.capitalize())

    return png(
        (10.0, 3.8),
        [lambda axes: histogram(axes, "prompt"), lambda axes: histogram(axes, "answer")],
    )


def rows_that_fit(lengths: Sequence[Length], max_length: int) -> bytes:
    """Share of all rows that fit into a length, and where `max_length` cuts."""

    def draw(axes: Axes) -> None:
        totals = np.sort([length.total for length in lengths])
        axes.step(totals, np.arange(1, len(totals) + 1) / len(totals), where="post", color=BLUE)
        fit = float((totals <= max_length).mean())
        label = f"model.max_length {max_length}: {fit:.1%} fit"
        axes.axvline(max_length, color=ORANGE, linewidth=2, label=label)
        axes.axhline(1.0, color=DARK, linewidth=0.5)
        axes.legend(loc="lower right")
        axes.set(xlim=(0, None), ylim=(0, 1.03), xlabel="tokens of prompt and answer")
        axes.set(ylabel="share of rows", title="Rows that fit")

    return png((10.0, 3.4), [draw])
