"""The evaluation as one HTML file that needs nothing else: no script, no link, pictures inside.

Every value from the data is escaped. The page reads on a phone as well as on paper.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from source.evaluation import Evaluation
from source.gate import Check, number
from source.metrics import LABELS, Scores

STYLE = """
:root { color-scheme: light; --line: #e3e6ea; --muted: #5b6570; --blue: #0072b2; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1rem; color: #1d232a; background: #fff;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.6rem; margin: 1rem 0 .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .4rem; }
p { margin: .4rem 0; max-width: 46rem; }
.muted { color: var(--muted); font-size: .9rem; }
.verdict { border-left: .5rem solid; padding: .8rem 1rem; margin: 1rem 0; border-radius: .3rem;
  overflow-wrap: anywhere; }
.verdict strong { font-size: 1.15rem; }
.pass { border-color: #009e73; background: #e9f6f1; }
.fail { border-color: #d55e00; background: #fdf0e7; }
.cards { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1rem 0; }
.card { flex: 1 1 9rem; border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .9rem; }
.card b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; margin: .6rem 0; }
table { border-collapse: collapse; font-size: .9rem; min-width: 60%; }
th, td { padding: .35rem .7rem; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
th { color: var(--muted); font-weight: 600; white-space: nowrap; }
td:not(.n) { min-width: 7rem; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.own td { font-weight: 600; background: #eef5fa; }
img { max-width: 100%; height: auto; display: block; margin: .6rem 0; }
img.square { width: 32rem; }
@media print {
  .scroll { overflow: visible; } h2 { break-after: avoid; } img { break-inside: avoid; }
}
"""
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
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}: evaluation</title><style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _head(evaluation: Evaluation, title: str) -> str:
    gate, scores = evaluation.gate, evaluation.scores["model"]
    word, look = ("Passed", "pass") if gate.passed else ("Not passed", "fail")
    unit = f" {escape(evaluation.unit)}" if evaluation.unit else ""
    cards = []
    for metric, value in scores.as_dict().items():
        spread = _spread(evaluation.spread["model"][metric])
        cards.append(
            f'<div class="card">{LABELS[metric]}<b>{_value(metric, value)}</b>'
            f'<span class="muted">± {spread}{"" if metric == "r2" else unit}</span></div>'
        )
    cards.append(
        f'<div class="card">Test rows<b>{evaluation.rows["test"]:,}</b>'
        f'<span class="muted">of {sum(evaluation.rows.values()):,}</span></div>'
    )
    return (
        f"<h1>{escape(title)}</h1>"
        f'<p class="muted">{escape(evaluation.model_label)} predicting '
        f"{escape(evaluation.target)}{f' ({escape(evaluation.unit)})' if evaluation.unit else ''}"
        f", trained {escape(_moment(evaluation.metadata.get('trained_at')))}</p>"
        f'<div class="verdict {look}"><strong>Quality gate: {word}</strong><br>'
        f"{escape(gate.message)}</div>"
        f'<div class="cards">{"".join(cards)}</div>'
    )


def _checks(evaluation: Evaluation) -> str:
    names = {
        "bound": "Absolute bound",
        "mean": "Better than the mean",
        "linear": "Not worse than a linear model",
        "champion": "Not worse than the approved model",
    }

    def verdict(check: Check) -> str:
        return "not applied" if not check.applied else "✓ holds" if check.passed else "✗ fails"

    rows = [
        [
            names[name],
            verdict(check),
            check.statement,
            _n(check.value),
            _n(check.limit),
            _n(check.excess) if check.applied else "",
        ]
        for name, check in evaluation.gate.checks.items()
    ]
    metric = LABELS[evaluation.gate.metric]
    heads = ["Check", "Verdict", "The model", f"#{metric}", "#Limit", "#Excess"]
    return (
        "<h2>Quality gate</h2>"
        + _table(heads, rows)
        + '<p class="muted">Excess counts towards worse: above 0 fails. Comparisons with other '
        "models are made on the same resampled test rows, and fail only when the tolerance is "
        "exceeded beyond chance.</p>"
    )


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
            f"{_value(metric, v)} ± {_spread(spread[metric])}"
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
        + _table(
            heads, rows, own=[i for i, name in enumerate(evaluation.scores) if name == "model"]
        )
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
            _n(row["scores"]["rmse"]),
            _n(row["scores"]["mae"]),
            f"{row['scores']['r2']:.4f}",
            _spread(row["standard_error"]),
            f"{_n(row['behind'])} ± {_spread(row['behind_standard_error'])}"
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
        + _table(heads, rows, own=own)
        + _image(plots, "candidates")
        + _image(plots, "learning_curve")
    )


def _importance(evaluation: Evaluation, plots: Mapping[str, bytes]) -> str:
    rows = [
        [
            entry.column,
            _n(entry.contribution),
            "" if entry.permutation is None else _n(entry.permutation),
        ]
        for entry in evaluation.importance[:15]
    ]
    heads = ["Column", "#Mean |Shapley value|", "#RMSE when shuffled grows by"]
    return (
        "<h2>What matters</h2>" + _image(plots, "importance") + _table(heads, rows) if rows else ""
    )


def _segments(evaluation: Evaluation, plots: Mapping[str, bytes]) -> str:
    rows = [
        [s.by, s.segment, f"{s.rows:,}", _n(s.rmse), _n(s.linear_rmse), _n(s.mae), f"{s.bias:+.4g}"]
        for s in evaluation.segments
    ]
    heads = ["Column", "Segment", "#Rows", "#RMSE", "#Linear RMSE", "#MAE", "#Bias"]
    return (
        "<h2>Error by segment</h2>"
        + _image(plots, "segments")
        + _table(heads, rows)
        + '<p class="muted">Bias is the mean of predicted minus actual.</p>'
    )


def _worst(evaluation: Evaluation) -> str:
    if not evaluation.worst:
        return ""
    columns = list(evaluation.worst[0].record)
    rows = [
        [_n(w.actual), _n(w.predicted), f"{w.predicted - w.actual:+.4g}"]
        + ["" if w.record[name] is None else str(w.record[name]) for name in columns]
        for w in evaluation.worst
    ]
    heads = ["#Actual", "#Predicted", "#Error", *columns]
    return "<h2>Worst predictions</h2>" + _table(heads, rows)


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
    return "<h2>About the model</h2>" + _table(["", ""], facts)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], own: Sequence[int] = ()) -> str:
    """A table; a head that starts with # makes a column of numbers. Every cell is escaped."""
    kinds = [' class="n"' if head.startswith("#") else "" for head in heads]
    top = "".join(
        f"<th{kind}>{escape(head.removeprefix('#'))}</th>"
        for head, kind in zip(heads, kinds, strict=True)
    )
    lines = []
    for index, row in enumerate(rows):
        mark = ' class="own"' if index in own else ""
        cells = "".join(
            f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(row, kinds, strict=True)
        )
        lines.append(f"<tr{mark}>{cells}</tr>")
    head = f"<thead><tr>{top}</tr></thead>" if any(heads) else ""
    return f'<div class="scroll"><table>{head}<tbody>{"".join(lines)}</tbody></table></div>'


def _image(plots: Mapping[str, bytes], name: str) -> str:
    if name not in plots:
        return ""
    data = base64.b64encode(plots[name]).decode("ascii")
    look = ' class="square"' if name == "predicted_vs_actual" else ""
    return f'<img{look} src="data:image/png;base64,{data}" alt="{escape(ALT[name])}">'


def _moment(text: object) -> str:
    """An ISO timestamp without seconds; anything else as it is."""
    try:
        return datetime.fromisoformat(str(text)).strftime("%Y-%m-%d %H:%M %Z")
    except ValueError:
        return str(text)


def _value(metric: str, value: float) -> str:
    return f"{value:.3f}" if metric == "r2" else number(value)


def _spread(value: float) -> str:
    return f"{value:.2g}" if abs(value) < 100 else f"{value:,.0f}"


def _n(value: float | None) -> str:
    return "" if value is None else number(value)
