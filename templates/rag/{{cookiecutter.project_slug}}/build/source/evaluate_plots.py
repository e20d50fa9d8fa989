"""The pictures of an evaluation: what each way of searching finds, and when it is refused."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from source.evaluation import Evaluation
from source.figure import BLUE, DARK, GREEN, GREY, ORANGE, name_bars, png, short
from source.ranking_metrics import DEPTH, LABELS, METRICS, first_ranks, recall

COLOURS = {"hybrid": BLUE, "bm25": ORANGE, "dense": GREEN}
NAMES = {"hybrid": "hybrid", "bm25": "BM25", "dense": "dense"}
BINS = 25


def draw(found: Evaluation) -> dict[str, bytes]:
    """PNGs by name."""
    return {
        "retrieval": retrieval(found),
        "by_type": by_type(found),
        "recall_at_k": recall_at_k(found),
        "answers": answers(found),
    }


def retrieval(found: Evaluation) -> bytes:
    """Every metric of every way, with its interval."""
    height = 0.8 / len(found.figures)

    def bars(axes: Axes) -> None:
        for row, (way, figures) in enumerate(found.figures.items()):
            positions = np.arange(len(METRICS)) + _shift(row, len(found.figures)) * height
            values = [figures[metric].value for metric in METRICS]
            ends = np.array([figures[metric].interval for metric in METRICS]).T
            spread = np.abs(ends - np.array(values))
            axes.barh(positions, values, height * 0.9, color=COLOURS[way], label=NAMES[way])
            axes.errorbar(values, positions, xerr=spread, fmt="none", ecolor=DARK, lw=1, capsize=2)
        name_bars(axes, [LABELS[metric] for metric in METRICS])
        axes.set_xlim(0, 1)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8)
        axes.set(xlabel=f"mean, {found.confidence:.0%} interval", title="Retrieval by way")

    return png((10.0, 3.6), [bars])


def by_type(found: Evaluation) -> bytes:
    """Recall@5 of every way for every type of question."""
    kinds = list(found.by_type)[::-1]
    height = 0.8 / len(found.figures)

    def bars(axes: Axes) -> None:
        for row, way in enumerate(found.figures):
            positions = np.arange(len(kinds)) + _shift(row, len(found.figures)) * height
            values = [found.by_type[kind][way]["recall_at_5"].value for kind in kinds]
            axes.barh(positions, values, height * 0.9, color=COLOURS[way], label=NAMES[way])
        counts = [found.by_type[kind]["hybrid"]["recall_at_5"].count for kind in kinds]
        name_bars(
            axes, [f"{short(kind)} ({count})" for kind, count in zip(kinds, counts, strict=True)]
        )
        axes.set_xlim(0, 1)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8)
        axes.set(xlabel="Recall@5", title="By type of question (how many)")

    return png((10.0, 1.4 + 0.6 * len(kinds)), [bars])


def recall_at_k(found: Evaluation) -> bytes:
    """How much is found when more passages are looked at."""
    asked = found.answerable

    def lines(axes: Axes) -> None:
        depths = list(range(1, DEPTH + 1))
        for way, passages in found.ranked.passages.items():
            ranks = [
                first_ranks(question.evidence, each)
                for question, each in zip(asked, passages, strict=True)
            ]
            values = [float(np.mean([recall(each, k) for each in ranks])) for k in depths]
            axes.plot(depths, values, "o-", color=COLOURS[way], label=NAMES[way])
        axes.set_xticks(depths)
        axes.set_ylim(0, 1.02)
        axes.legend(loc="lower right", fontsize=8)
        axes.set(xlabel="passages looked at (k)", ylabel="recall@k", title="Retrieval curves")

    return png((10.0, 3.6), [lines])


def answers(found: Evaluation) -> bytes:
    """The scores that decide on a refusal, and the times that answers take."""
    scores = {
        flag: [
            one.answer.scores["coverage"]
            for one in found.answers
            if one.question.answerable is flag
        ]
        for flag in (True, False)
    }
    times = [sum(one.answer.seconds.values()) * 1000 for one in found.answers]

    def decided(axes: Axes) -> None:
        edges = np.linspace(0, 1, BINS + 1).tolist()
        axes.hist(scores[True], bins=edges, color=BLUE, alpha=0.7, label="answerable")
        axes.hist(scores[False], bins=edges, color=GREY, alpha=0.8, label="unanswerable")
        limit = found.answers[0].answer.scores["min_score"]
        axes.axvline(limit, color=ORANGE, linestyle="--", label=f"refused below {limit:.2f}")
        axes.legend(loc="upper left", fontsize=8)
        axes.set(xlabel="share of the question that passages have", ylabel="questions")
        axes.set_title("When a question is refused")

    def taken(axes: Axes) -> None:
        axes.hist(times, bins=BINS, color=BLUE)
        axes.axvline(found.latency["answer"].p95, color=ORANGE, linestyle="--", label="95%")
        axes.legend(loc="upper right", fontsize=8)
        axes.set(xlabel="milliseconds", ylabel="answers", title="How long answers take")

    return png((10.0, 3.6), [decided, taken])


def _shift(row: int, rows: int) -> float:
    """Where a bar of a group stands, in bars from the group's middle; the first one on top."""
    return (rows - 1) / 2 - row
