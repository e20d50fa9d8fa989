"""The pictures of an evaluation: base and tuned model side by side."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from source.evaluation import Evaluation
from source.figure import BLUE, DARK, GREY, ORANGE, name_bars, png, short
from source.generation import Losses, Vector
from source.metrics import label

BINS = 30


def draw(found: Evaluation) -> dict[str, bytes]:
    """PNGs by name."""
    return {
        "metrics": metrics(found),
        "differences": differences(found),
        "perplexity": perplexity(found),
    }


def metrics(found: Evaluation) -> bytes:
    """Mean of every metric, and the shares of the fixed sets."""
    pairs = {label(name): (c.base, c.tuned) for name, c in found.comparisons.items()}
    if found.general is not None:
        pairs["General questions"] = (found.general.base, found.general.tuned)
    names = list(pairs)[::-1]

    def bars(axes: Axes) -> None:
        positions = np.arange(len(names), dtype="float64")
        axes.barh(positions + 0.2, [pairs[n][1] for n in names], 0.38, color=BLUE, label="tuned")
        axes.barh(positions - 0.2, [pairs[n][0] for n in names], 0.38, color=GREY, label="base")
        for position, name in zip(positions, names, strict=True):
            for value, shift in zip(pairs[name], (-0.2, 0.2), strict=True):
                axes.text(max(value, 0), position + shift, f" {value:.3g}", va="center", fontsize=8)
        name_bars(axes, [short(name) for name in names])
        axes.margins(x=0.12)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8)
        axes.set(xlabel="mean over the test rows", title="Base and tuned model")

    return png((10.0, 1.3 + 0.6 * len(names)), [bars])


def differences(found: Evaluation) -> bytes:
    """How much better the tuned model is, with the interval that the gate looks at."""
    names = list(found.comparisons)[::-1]

    def draw_intervals(axes: Axes) -> None:
        for position, name in enumerate(names):
            compared = found.comparisons[name]
            low, high = compared.interval
            deciding = name == found.gate.metric
            axes.plot([low, high], [position, position], color=BLUE if deciding else GREY, lw=3)
            axes.plot([compared.difference], [position], "o", color=BLUE if deciding else GREY)
        axes.axvline(0, color=DARK, linewidth=1)
        margin = found.gate.checks["base"].limit
        if found.gate.metric in names and margin is not None:
            text = f"margin asked of {label(found.gate.metric)}"
            axes.axvline(margin, color=ORANGE, linestyle="--", label=text)
            axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8)
        name_bars(axes, [short(label(name)) for name in names])
        axes.set_ylim(-0.6, len(names) - 0.4)
        axes.set(xlabel="tuned - base", title=f"Differences, {found.confidence:.0%} intervals")

    return png((10.0, 1.3 + 0.45 * len(names)), [draw_intervals])


def perplexity(found: Evaluation) -> bytes:
    """Perplexity of each row's answer, of both models, on a log scale."""

    def per_row(losses: Losses) -> Vector:
        values: Vector = np.exp(np.minimum(losses.sums / losses.tokens, 50.0))
        return values

    base, tuned = per_row(found.base.losses), per_row(found.tuned.losses)

    def histogram(axes: Axes) -> None:
        both = np.concatenate([base, tuned])
        edges = np.geomspace(both.min() * 0.95, both.max() * 1.05, BINS + 1).tolist()
        axes.hist(base, bins=edges, color=GREY, alpha=0.7, label="base")
        axes.hist(tuned, bins=edges, color=BLUE, alpha=0.7, label="tuned")
        axes.set_xscale("log")
        # The usual labels are formulas, which are off because texts from the data stand in plots.
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
        axes.xaxis.set_minor_formatter("")
        axes.legend(loc="best")
        axes.set(xlabel="perplexity of the expected answer (log scale)", ylabel="test rows")
        axes.set_title("How surprising the expected answers are")

    return png((10.0, 3.6), [histogram])
