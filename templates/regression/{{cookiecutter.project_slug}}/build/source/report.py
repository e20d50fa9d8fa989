"""The evaluation as one HTML file that needs nothing else: no script, no link, pictures inside.

Every value from the data is escaped. The page reads on a phone as well as on paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from source.evaluation import Evaluation
from source.metrics import LABELS, Scores
from source.page import cards, cell, image, moment, page, spread_text, table
from source.rounding import number
from source.verdict_page import gate_banner, gate_checks

ALT = {
    "predicted_vs_actual": "Predicted against actual values of the test rows",
    "residuals": "Residuals over the prediction, and their distribution",
    "importance": "Importance of each column",
    "candidates": "Error of each candidate with its standard error",
    "learning_curve": "Error of gradient boosting by round",
    "segments": "Error by segment",
}


def render(evaluation: Evaluation, plots: Mapping[str, bytes], title: str) -> str:
    """The page; `plots` are PNGs by the names of `ALT`."""
    body = [
        _head(evaluation, title),
        _checks(evaluation),
        _comparison(evaluation, plots),
        _candidates(evaluation, plots),
        _importance(evaluation, plots),
        _segments(evaluation, plots),
        _worst(evaluation),
        _about(evaluation),
    ]
    return page(f"{title}: evaluation", body)


def _head(evaluation: Evaluation, title: str) -> str:
    unit = f" {evaluation.unit}" if evaluation.unit else ""
    figures = []
    for metric, value in evaluation.scores["model"].as_dict().items():
        spread = spread_text(evaluation.spread["model"][metric])
        remark = f"± {spread}{'' if metric == 'r2' else unit}"
        figures.append((LABELS[metric], _metric(metric, value), remark))
    every = sum(evaluation.rows.values())
    figures.append(("Test rows", f"{evaluation.rows['test']:,}", f"of {every:,}"))
    return (
        f"<h1>{escape(title)}</h1>"
        f'<p class="muted">{escape(evaluation.model_label)} predicting '
        f"{escape(evaluation.target)}{f' ({escape(evaluation.unit)})' if evaluation.unit else ''}"
        f", trained {escape(moment(evaluation.metadata.get('trained_at')))}</p>"
        + gate_banner(evaluation.gate)
        + cards(figures)
    )


def _checks(evaluation: Evaluation) -> str:
    names = {
        "bound": "Absolute bound",
        "mean": "Better than the mean",
        "linear": "Not worse than a linear model",
        "champion": "Not worse than the approved model",
    }

    metric = LABELS[evaluation.gate.metric]
    note = (
        "Comparisons with other models are made on the same resampled test rows, and fail only "
        "when the tolerance is exceeded beyond chance."
    )
    return gate_checks(evaluation.gate, names, note, words="The model", value=metric)


def _comparison(evaluation: Evaluation, plots: Mapping[str, bytes]) -> str:
    labels = {
        "model": evaluation.model_label,
        "mean": "Mean of the training rows",
        "linear": "Linear baseline",
        "champion": f"Champion {evaluation.champion.arn}",
    }

    def cells(name: str, scores: Scores) -> list[str]:
        spread = evaluation.spread[name]
        return [
            f"{_metric(metric, v)} ± {spread_text(spread[metric])}"
            for metric, v in scores.as_dict().items()
        ]

    rows = [[labels[name], *cells(name, scores)] for name, scores in evaluation.scores.items()]
    heads = ["On the test rows", "#RMSE", "#MAE", "#R²"]
    note = ""
    if evaluation.champion.exists and "champion" not in evaluation.scores:
        note = (
            f"<p>{escape(str(evaluation.champion.arn))}: {escape(evaluation.champion.note)}. "
            "It is not part of the verdict.</p>"
        )
    return (
        "<h2>Test results</h2>"
        + table(heads, rows, own=[i for i, name in enumerate(evaluation.scores) if name == "model"])
        + note
        + '<p class="muted">± is the standard deviation over resampled test rows. Baselines are '
        "fitted on the training split only.</p>"
        + _image(plots, "predicted_vs_actual")
        + _image(plots, "residuals")
    )


def _candidates(evaluation: Evaluation, plots: Mapping[str, bytes]) -> str:
    selection = evaluation.metadata.get("selection") or {}
    standings = selection.get("standings") or []
    rows = [
        [
            row["label"],
            cell(row["scores"]["rmse"]),
            cell(row["scores"]["mae"]),
            f"{row['scores']['r2']:.4f}",
            spread_text(row["standard_error"]),
            f"{cell(row['behind'])} ± {spread_text(row['behind_standard_error'])}"
            if row["behind"]
            else "the best",
            "" if row["rounds"] is None else str(row["rounds"]),
            f"{row['seconds']:.1f}",
        ]
        for row in standings
    ]
    heads = ["Candidate", "#RMSE", "#MAE", "#R²", "#Std. error", "#Behind the best", "#Trees", "#s"]
    own = [i for i, row in enumerate(standings) if row["name"] == selection.get("winner")]
    return (
        "<h2>How the model was chosen</h2>"
        f"<p>{escape(str(selection.get('reason', '')))}.</p>"
        f'<p class="muted">{escape(str(selection.get("method", "")))}, before the test rows were '
        "looked at.</p>"
        + table(heads, rows, own=own)
        + _image(plots, "candidates")
        + _image(plots, "learning_curve")
    )


def _importance(evaluation: Evaluation, plots: Mapping[str, bytes]) -> str:
    rows = [
        [
            entry.column,
            cell(entry.contribution),
            "" if entry.permutation is None else cell(entry.permutation),
        ]
        for entry in evaluation.importance[:15]
    ]
    heads = ["Column", "#Mean |Shapley value|", "#RMSE when shuffled grows by"]
    return (
        "<h2>What matters</h2>" + _image(plots, "importance") + table(heads, rows) if rows else ""
    )


def _segments(evaluation: Evaluation, plots: Mapping[str, bytes]) -> str:
    rows = [
        [
            s.by,
            s.segment,
            f"{s.rows:,}",
            cell(s.rmse),
            cell(s.linear_rmse),
            cell(s.mae),
            f"{s.bias:+.4g}",
        ]
        for s in evaluation.segments
    ]
    heads = ["Column", "Segment", "#Rows", "#RMSE", "#Linear RMSE", "#MAE", "#Bias"]
    return (
        "<h2>Error by segment</h2>"
        + _image(plots, "segments")
        + table(heads, rows)
        + '<p class="muted">Bias is the mean of predicted minus actual.</p>'
    )


def _worst(evaluation: Evaluation) -> str:
    if not evaluation.worst:
        return ""
    columns = list(evaluation.worst[0].record)
    rows = [
        [cell(w.actual), cell(w.predicted), f"{w.predicted - w.actual:+.4g}"]
        + ["" if w.record[name] is None else str(w.record[name]) for name in columns]
        for w in evaluation.worst
    ]
    heads = ["#Actual", "#Predicted", "#Error", *columns]
    return "<h2>Worst predictions</h2>" + table(heads, rows)


def _about(evaluation: Evaluation) -> str:
    metadata = evaluation.metadata
    facts: list[Sequence[str]] = [
        ["Rows", ", ".join(f"{name} {count:,}" for name, count in evaluation.rows.items())],
        ["Features", ", ".join(evaluation.features)],
    ]
    for column, reason in evaluation.ignored.items():
        facts.append([f"Left out: {column}", reason])
    settings: Mapping[str, Any] = metadata.get("parameters") or {}
    if settings:
        facts.append(["Hyperparameters", ", ".join(f"{k} {v}" for k, v in settings.items())])
    versions: Mapping[str, Any] = metadata.get("versions") or {}
    facts.append(["Versions", ", ".join(f"{name} {value}" for name, value in versions.items())])
    return "<h2>About the model</h2>" + table(["", ""], facts)


def _image(plots: Mapping[str, bytes], name: str) -> str:
    if name not in plots:
        return ""
    return image(plots[name], ALT[name], "square" if name == "predicted_vs_actual" else "wide")


def _metric(name: str, value: float) -> str:
    """A metric's value; R² with three decimals."""
    return f"{value:.3f}" if name == "r2" else number(value)
