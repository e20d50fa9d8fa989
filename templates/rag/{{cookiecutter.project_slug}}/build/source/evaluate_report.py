"""The evaluation as one HTML file that needs nothing else: no script, no link, pictures inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from source.evaluate_plots import NAMES
from source.evaluation import Evaluation, Figure
from source.page import cards, cell, image, moment, page, table
from source.ranking_metrics import LABELS, METRICS
from source.rounding import number
from source.verdict_page import gate_banner, gate_checks

ALT = {
    "retrieval": "Retrieval metrics of hybrid, BM25 and dense search with intervals",
    "by_type": "Recall of each way by type of question",
    "recall_at_k": "Recall when more passages are looked at",
    "answers": "Scores that decide on refusals, and how long answers take",
}
CHECKS = {
    "bound": "Absolute bound",
    "bm25": "Not worse than BM25 alone",
    "dense": "Not worse than dense alone",
    "answers": "Answers, citations and refusals",
    "champion": "Not worse than the approved version",
    "latency": "Latency",
}
ANSWERS = {
    "answered": "Answerable questions that are answered",
    "citation_correct": "Citations that quote their document word for word",
    "cites_evidence": "Answers that cite where the answer stands",
    "faithfulness": "Words of the answers that the cited passages have",
    "relevance": "Words of the questions that the answers have",
    "refusal": "Unanswerable questions that are refused",
}
LONGEST = 500


def render(
    found: Evaluation,
    worst: Sequence[Mapping[str, Any]],
    plots: Mapping[str, bytes],
    title: str,
) -> str:
    """The page; `plots` are PNGs by the names of `ALT`."""
    body = [
        _head(found, title),
        _checks(found),
        _retrieval(found, plots),
        _types(found, plots),
        _answers(found, plots),
        _cost(found),
        _worst(worst),
        _about(found),
    ]
    return page(f"{title}: evaluation", body)


def _head(found: Evaluation, title: str) -> str:
    figures = [
        (LABELS[name], number(figure.value), _interval(figure))
        for name, figure in found.figures["hybrid"].items()
    ]
    answers = found.answer_figures
    for text, value in (("Answered", answers.answered), ("Refused rightly", answers.refusal)):
        if value is not None:
            figures.append((text, f"{value:.0%}", ""))
    unanswerable = len(found.questions) - len(found.answerable)
    reviewed = sum(question.reviewed for question in found.questions)
    return (
        f"<h1>{escape(title)}</h1>"
        f'<p class="muted">{len(found.answerable):,} answerable and {unanswerable:,} unanswerable '
        f"test questions, {reviewed:,} of them reviewed by people; {found.validation:,} others "
        "chose the settings</p>" + gate_banner(found.gate) + cards(figures)
    )


def _checks(found: Evaluation) -> str:
    note = ""
    if found.champion.arn is not None and found.champion_difference is None:
        note = f"{found.champion.arn}: {found.champion.note}. It is not judged."
    return gate_checks(found.gate, CHECKS, note, words="In words")


def _retrieval(found: Evaluation, plots: Mapping[str, bytes]) -> str:
    rows = [
        [NAMES[way]] + [text for metric in METRICS for text in _cells(figures[metric])]
        for way, figures in found.figures.items()
    ]
    heads = ["Way"]
    for metric in METRICS:
        heads += [f"#{LABELS[metric]}", f"#{found.confidence:.0%} interval"]
    chosen = (found.package.get("chosen") or {}).get("note", "")
    return (
        "<h2>Retrieval</h2>"
        + table(heads, rows, own=[0])
        + f"<p>{escape(str(chosen))}</p>"
        + '<p class="muted">All ways were asked the same questions, which chose none of the '
        "settings. Intervals are bootstraps over the questions.</p>"
        + _images(plots, "retrieval", "recall_at_k")
    )


def _types(found: Evaluation, plots: Mapping[str, bytes]) -> str:
    rows = []
    for kind, ways in found.by_type.items():
        for way, figures in ways.items():
            figure = figures["recall_at_5"]
            first = [kind, str(figure.count)] if way == "hybrid" else ["", ""]
            rows.append(
                [*first, NAMES[way], *_cells(figure)]
                + [cell(figures[metric].value) for metric in METRICS[1:]]
            )
    heads = ["Type", "#Questions", "Way", "#Recall@5", f"#{found.confidence:.0%} interval"]
    heads += [f"#{LABELS[metric]}" for metric in METRICS[1:]]
    return "<h2>By type of question</h2>" + table(heads, rows) + _images(plots, "by_type")


def _answers(found: Evaluation, plots: Mapping[str, bytes]) -> str:
    document = found.document()["answers"]
    rows = [
        [text, "" if document[name] is None else f"{document[name]:.1%}"]
        for name, text in ANSWERS.items()
    ]
    for name, value in (document["judges"] or {}).items():
        if name != "ungraded" and value is not None:
            rows.append([f"Judge: {name}", f"{value:.1%}"])
    note = (
        "Shares of words are computed without a model: they are the same each time and do not "
        "understand what they count."
    )
    if found.graded is not None and found.graded.ungraded:
        note += f" The judge gave no grade to {found.graded.ungraded:,} answers."
    if found.answer_figures.intervened:
        note += f" A guardrail replaced {found.answer_figures.intervened:,} answers."
    return (
        f"<h2>Answers ({escape(str(found.package.get('generation')))})</h2>"
        + table(["", "#Share"], rows)
        + f'<p class="muted">{note}</p>'
        + _images(plots, "answers")
    )


def _cost(found: Evaluation) -> str:
    rows = [
        [name, number(latency.p50), number(latency.p95)] for name, latency in found.latency.items()
    ]
    usd = found.usd_per_query
    money = "its prices are not set" if usd is None else f"{number(usd)} US dollars"
    return (
        "<h2>Latency and cost of a query</h2>"
        + table(["Step", "#Median ms", "#95% ms"], rows)
        + f"<p>The language model costs {money} a query: {number(found.tokens[0])} tokens in, "
        f"{number(found.tokens[1])} out. Machines are not counted.</p>"
    )


def _worst(worst: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [
            str(row["question"]),
            str(row["type"]),
            str(row["reason"]),
            "\n".join(_place(one) for one in row["expected"]) or "no answer",
            "\n".join(
                f"{one['document']}: {_short(str(one['text']), 120)}" for one in row["found"]
            ),
            _short(str(row["answer"])),
        ]
        for row in worst
    ]
    heads = ["Question", "Type", "What went wrong", "Expected", "Found first", "Answer"]
    return (
        "<h2>Worst queries</h2>"
        '<p class="muted">worst_queries.json has the ranks of every way.</p>' + table(heads, rows)
    )


def _about(found: Evaluation) -> str:
    facts = [
        [name, moment(value) if name == "created" else str(value)]
        for name, value in found.package.items()
        if name != "chosen"
    ]
    facts.append(["Passages that dense search finds by their own text", f"{found.self_found:.0%}"])
    if found.lost:
        facts.append(["Questions left out, their evidence is not indexed", str(len(found.lost))])
    return "<h2>About the index</h2>" + table(["", ""], facts)


def _place(evidence: Mapping[str, Any]) -> str:
    parts = [evidence["document"], evidence["heading"], evidence["quote"]]
    return ": ".join(_short(str(part), 100) for part in parts if part)


def _cells(figure: Figure) -> list[str]:
    return [number(figure.value), _interval(figure)]


def _interval(figure: Figure) -> str:
    low, high = figure.interval
    return f"{number(low)} to {number(high)}"


def _images(plots: Mapping[str, bytes], *names: str) -> str:
    return "".join(image(plots[name], ALT[name]) for name in names if name in plots)


def _short(text: str, limit: int = LONGEST) -> str:
    return text if len(text) <= limit else text[:limit] + " …"
