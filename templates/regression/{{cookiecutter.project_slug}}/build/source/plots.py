"""The pictures of an evaluation: labelled with units, readable in print and colour-blind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib.colors
import matplotlib.lines
import matplotlib.patches
import numpy as np
from matplotlib.axes import Axes

from source.figure import BLUE, DARK, GREEN, GREY, ORANGE, name_bars, png, short
from source.importance import Importance
from source.metrics import Scores, Vector
from source.segments import Segment

# More points than this are drawn as a density.
MAX_POINTS = 2500
MAX_BARS = 15


def predicted_vs_actual(actual: Vector, predicted: Vector, scores: Scores, unit: str) -> bytes:
    """Each test row by its actual and predicted value; on the line the model is right."""

    def draw(axes: Axes) -> None:
        low, high = _range(np.concatenate([actual, predicted]))
        _points(axes, actual, predicted)
        axes.plot([low, high], [low, high], color=ORANGE, linewidth=1.5)
        axes.set(xlim=(low, high), ylim=(low, high), xlabel=f"actual {unit}")
        axes.set(ylabel=f"predicted {unit}", title="Predicted against actual")
        axes.set_aspect("equal")
        axes.text(
            0.03,
            0.97,
            f"RMSE {scores.rmse:.4g}\nMAE {scores.mae:.4g}\nR² {scores.r2:.3f}",
            transform=axes.transAxes,
            verticalalignment="top",
        )

    return png((5.2, 5.0), [draw])


def residuals(actual: Vector, predicted: Vector, unit: str) -> bytes:
    """Residuals over the prediction, with their median, and their distribution."""
    errors = actual - predicted

    def over_prediction(axes: Axes) -> None:
        _points(axes, predicted, errors)
        axes.axhline(0, color=DARK, linewidth=1)
        centres, medians = _running_median(predicted, errors)
        axes.plot(centres, medians, color=ORANGE, linewidth=2, marker="o", markersize=4)
        axes.plot([], [], color=ORANGE, linewidth=2, marker="o", markersize=4, label="median")
        axes.legend(loc="best")
        axes.set(xlabel=f"predicted {unit}", ylabel="residual (actual - predicted)")
        axes.set_title("Residuals over the prediction")

    def distribution(axes: Axes) -> None:
        inner = np.quantile(errors, [0.005, 0.995]) if len(errors) > 400 else _range(errors)
        axes.hist(errors, bins=_bins(len(errors)), range=tuple(inner), color=BLUE, alpha=0.85)
        axes.axvline(0, color=DARK, linewidth=1)
        axes.axvline(errors.mean(), color=ORANGE, linewidth=2, label=f"mean {errors.mean():.3g}")
        axes.legend(loc="best")
        axes.set(xlabel=f"residual, {unit}", ylabel="rows")
        part = " (inner 99 %)" if len(errors) > 400 else ""
        axes.set_title(f"Distribution of residuals{part}")

    return png((10.0, 4.2), [over_prediction, distribution])


def importances(found: Sequence[Importance], unit: str) -> bytes:
    """What moves the predictions, and what the model's error depends on."""
    shown = list(found[:MAX_BARS])[::-1]
    names = [short(entry.column) for entry in shown]

    def contributions(axes: Axes) -> None:
        axes.barh(_positions(names), [entry.contribution for entry in shown], color=BLUE)
        name_bars(axes, names)
        axes.set(xlabel=f"mean |Shapley value|, {unit}", title="What moves predictions")

    def permutations(axes: Axes) -> None:
        values = [entry.permutation or 0.0 for entry in shown]
        axes.barh(_positions(names), values, color=GREEN)
        axes.axvline(0, color=DARK, linewidth=1)
        name_bars(axes, [""] * len(names))
        axes.set(xlabel="RMSE grows by, when shuffled", title="What the error depends on")

    return png((10.0, 1.6 + 0.28 * len(shown)), [contributions, permutations])


def learning_curves(
    curves: Mapping[str, Mapping[str, Any]], references: Mapping[str, float]
) -> bytes:
    """RMSE of boosting by round, for each candidate's label.

    `references` are other candidates' RMSE, drawn as lines.
    """

    def panel(name: str, curve: Mapping[str, Any]) -> Callable[[Axes], None]:
        def draw(axes: Axes) -> None:
            best = curve["best_round"]
            axes.plot(curve["round"], curve["fitted"], color=GREY, label="rows it learns from")
            axes.plot(curve["round"], curve["stopping"], color=BLUE, label="rows set aside")
            axes.axvline(best, color=BLUE, linestyle=":", label=f"stopped at {best}")
            logarithmic = name.endswith("log target")
            if not logarithmic:
                for (label, value), style in zip(
                    references.items(), ("--", "-.", ":"), strict=False
                ):
                    axes.axhline(value, color=ORANGE, linestyle=style, label=label)
            axes.legend(loc="best", fontsize=8)
            scale = "RMSE of log(1 + target)" if logarithmic else "RMSE"
            axes.set(xlabel="boosting round", ylabel=scale, title=name)

        return draw

    return png((10.0, 4.0), [panel(name, curve) for name, curve in curves.items()])


def candidates(standings: Sequence[Mapping[str, Any]], winner: str) -> bytes:
    """Every candidate's error with one standard error to either side."""

    def draw(axes: Axes) -> None:
        rows = list(standings)[::-1]
        positions = _positions(rows)
        for position, row in zip(positions, rows, strict=True):
            colour = BLUE if row["name"] == winner else GREY
            axes.errorbar(
                row["value"],
                position,
                xerr=row["standard_error"],
                fmt="o" if row["name"] == winner else "s",
                color=colour,
                capsize=4,
            )
        name_bars(axes, [row["label"] for row in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set(xlabel=f"{rows[0]['metric']} ± one standard error", title="Candidates")

    return png((10.0, 1.3 + 0.42 * len(standings)), [draw])


def segment_errors(found: Sequence[Segment], overall: float, unit: str) -> bytes:
    """RMSE by segment, of the model and of the linear baseline."""

    def draw(axes: Axes) -> None:
        rows = list(found)[::-1]
        positions = np.array(_positions(rows), dtype="float64")
        axes.barh(positions + 0.2, [row.rmse for row in rows], height=0.38, color=BLUE)
        axes.barh(positions - 0.2, [row.linear_rmse for row in rows], height=0.38, color=GREY)
        axes.axvline(overall, color=ORANGE, linewidth=2)
        name_bars(axes, [f"{short(r.by)}: {short(r.segment)} ({r.rows})" for r in rows])
        handles = [
            matplotlib.patches.Patch(color=BLUE, label="model"),
            matplotlib.patches.Patch(color=GREY, label="linear baseline"),
            matplotlib.lines.Line2D([], [], color=ORANGE, linewidth=2, label="model, all rows"),
        ]
        axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8)
        axes.set(xlabel=f"RMSE, {unit}", title="Error by segment (rows)")

    return png((10.0, 1.5 + 0.42 * len(found)), [draw])


def _points(axes: Axes, x: Vector, y: Vector) -> None:
    if len(x) > MAX_POINTS:
        # The scale begins below 1, so that a single row is not white on white.
        norm = matplotlib.colors.LogNorm(vmin=0.2)
        shown = axes.hexbin(x, y, gridsize=60, mincnt=1, norm=norm, cmap="Blues", linewidths=0.1)
        bar = axes.figure.colorbar(shown, ax=axes, label="rows", fraction=0.05, format="{x:g}")
        most = float(np.max(np.asarray(shown.get_array())))
        bar.set_ticks([10.0**power for power in range(9) if 10.0**power <= most])
        bar.ax.minorticks_off()
    else:
        axes.scatter(x, y, s=16, alpha=0.5, color=BLUE, linewidths=0)


def _running_median(x: Vector, y: Vector, bins: int = 12) -> tuple[Vector, Vector]:
    """Medians of x and y in bins with equally many rows."""
    count = max(1, min(bins, len(x) // 15))
    parts = np.array_split(np.argsort(x, kind="stable"), count)
    return (
        np.array([np.median(x[part]) for part in parts]),
        np.array([np.median(y[part]) for part in parts]),
    )


def _bins(rows: int) -> int:
    return int(np.clip(2 * np.sqrt(rows), 10, 60))


def _range(values: Vector) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.04 * (high - low) or 1.0
    return low - margin, high + margin


def _positions(items: Sequence[Any]) -> list[int]:
    return list(range(len(items)))
