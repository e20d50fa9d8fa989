"""The evaluation as one HTML file that needs nothing else: no script, no link, pictures inside."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from source.bootstrap import Comparison
from source.evaluation import Evaluation
from source.metrics import label
from source.page import cards, cell, image, moment, page, table
from source.rounding import number
from source.safety import SafetyAnswer, unsafe_share
from source.verdict_page import gate_banner, gate_checks

ALT = {
    "metrics": "Mean of every metric, of the base and the tuned model",
    "differences": "Difference between tuned and base model, with intervals",
    "perplexity": "Distribution of the perplexity of expected answers",
}
# Rows that are shown side by side: those that tuning made worse, then better, then others.
SHOWN = 20
CHECKS = {
    "bound": "Absolute bound",
    "base": "Better than the base model",
    "general": "General ability kept",
    "safety": "Unsafe answers",
    "champion": "Not worse than the approved model",
}
LONGEST = 600


def render(found: Evaluation, plots: Mapping[str, bytes], title: str) -> str:
    """The page; `plots` are PNGs by the names of `ALT`."""
    body = [
        _head(found, title),
        _checks(found),
        _results(found, plots),
        _samples(found),
        _general(found),
        _safety(found),
        _suite(found),
        _about(found),
    ]
    return page(f"{title}: evaluation", [part for part in body if part])


def _head(found: Evaluation, title: str) -> str:
    figures = [
        (label(name), number(c.tuned), f"base {number(c.base)}")
        for name, c in {**found.comparisons, "perplexity": found.perplexity}.items()
    ]
    base = found.metadata.get("base") or {}
    tuning = f"{found.metadata.get('method')}, {found.metadata.get('tuning')}"
    return (
        f"<h1>{escape(title)}</h1>"
        f'<p class="muted">{escape(str(base.get("source")))} tuned ({escape(tuning)}), trained '
        f"{escape(moment(found.metadata.get('created')))}; {len(found.rows):,} of "
        f"{found.rows_in_split:,} test rows</p>" + gate_banner(found.gate) + cards(figures)
    )


def _checks(found: Evaluation) -> str:
    note = (
        "Against the base it is the end of the interval nearer to the base that must exceed the "
        "margin, so a lucky test split is not enough."
    )
    return gate_checks(found.gate, CHECKS, note, words="The tuned model")


def _results(found: Evaluation, plots: Mapping[str, bytes]) -> str:
    compared = {**found.comparisons, "perplexity": found.perplexity}
    rows = [[label(name), *_cells(c)] for name, c in compared.items()]
    own = [index for index, name in enumerate(compared) if name == found.gate.metric]
    heads = ["Metric", "#Base", "#Tuned", "#Difference", f"#{found.confidence:.0%} interval"]
    cut = sum(not answer.finished for answer in found.tuned.answers)
    note = (
        f"<p>{cut:,} answers of the tuned model were cut off: they did not end within "
        "evaluate.max_new_tokens.</p>"
        if cut
        else ""
    )
    if found.ungraded:
        note += f"<p>The judge gave no grade to {found.ungraded:,} rows; they are left out.</p>"
    champion = found.champion
    if champion.arn is not None and found.champion_comparison is None:
        note += f"<p>{escape(champion.arn)}: {escape(champion.note)}. It is not judged.</p>"
    return (
        "<h2>Test results</h2>"
        + table(heads, rows, own=own)
        + note
        + '<p class="muted">Both models answered the same rows, greedily. Intervals are paired '
        "bootstraps over the rows. Perplexity is of the expected answers' tokens only; lower is "
        "better.</p>" + "".join(image(content, ALT[name]) for name, content in plots.items())
    )


def _cells(compared: Comparison) -> list[str]:
    low, high = compared.interval
    return [
        number(compared.base),
        number(compared.tuned),
        _signed(compared.difference),
        f"{_signed(low)} to {_signed(high)}",
    ]


def _signed(value: float) -> str:
    return ("-" if value < 0 else "+") + number(abs(value))


def _samples(found: Evaluation) -> str:
    metric = found.gate.metric if found.gate.metric in found.scores else next(iter(found.scores))
    base, tuned = found.scores[metric]
    better = tuned - base
    # Losses first: they are what a reader must see. Then wins, then rows that did not change.
    losses = sorted((i for i in range(len(better)) if better[i] < 0), key=lambda i: better[i])
    wins = sorted((i for i in range(len(better)) if better[i] > 0), key=lambda i: -better[i])
    same = [index for index in range(len(better)) if better[index] == 0]
    third = SHOWN // 3
    chosen = [*losses[:third], *wins[:third], *same[:third]]
    chosen += [i for i in (*losses, *wins, *same) if i not in chosen][: SHOWN - len(chosen)]
    rows = []
    for index in chosen:
        row = found.rows[index]
        asked = "\n".join(f"{turn.role}: {turn.content}" for turn in row.prompt)
        rows.append(
            [
                _short(asked),
                _short(row.answer),
                _short(found.base.answers[index].text),
                _short(found.tuned.answers[index].text),
                f"{number(float(base[index]))} → {number(float(tuned[index]))}",
            ]
        )
    heads = ["Prompt", "Expected", "Base", "Tuned", f"#{label(metric)}"]
    return (
        "<h2>Side by side</h2>"
        f'<p class="muted">{len(wins):,} rows became better, {len(losses):,} worse, {len(same):,} '
        f"stayed the same by {escape(label(metric))}. Rows that became worse come first; "
        "samples.jsonl has them all.</p>" + table(heads, rows)
    )


def _general(found: Evaluation) -> str:
    if found.general is None or found.base.ability is None or found.tuned.ability is None:
        return ""
    questions = len(found.base.ability.right)
    lost = int(((found.base.ability.right == 1) & (found.tuned.ability.right == 0)).sum())
    note = f" {escape(found.general_note)}." if found.general_note else ""
    return (
        "<h2>General ability</h2>"
        f"<p>Of {questions} fixed multiple-choice questions the base gets {found.general.base:.1%} "
        f"right, the tuned model {found.general.tuned:.1%}; {lost} were lost.{note}</p>"
    )


def _safety(found: Evaluation) -> str:
    if found.base.safety is None or found.tuned.safety is None:
        return ""

    def said(answer: SafetyAnswer) -> str:
        return ("✗ " if answer.unsafe else "✓ ") + _short(answer.answer, 400)

    rows = [
        [base.prompt, said(base), said(tuned)]
        for base, tuned in zip(found.base.safety, found.tuned.safety, strict=True)
    ]
    return (
        "<h2>Safety prompts</h2>"
        f"<p>Unsafe by the rules: base {unsafe_share(found.base.safety):.1%}, tuned "
        f"{unsafe_share(found.tuned.safety):.1%}.</p>"
        '<p class="muted">An answer counts as unsafe when it does not refuse and either begins as '
        "compliance does or holds a phrase that only an answer to that request would hold. The "
        "rules do not understand what they read: nonsense passes, and so does harm in other words. "
        "They are no substitute for a judge, a guardrail or people.</p>"
        + table(["Request to refuse", "Base", "Tuned"], rows)
    )


def _suite(found: Evaluation) -> str:
    if not found.tuned.suite:
        return ""
    rows = [
        [task, cell(found.base.suite.get(task)), cell(value)]
        for task, value in found.tuned.suite.items()
    ]
    return "<h2>lm-evaluation-harness</h2>" + table(["Task", "#Base", "#Tuned"], rows)


def _about(found: Evaluation) -> str:
    base = found.metadata.get("base") or {}
    facts = [
        ["Base model", str(base.get("source"))],
        ["Revision", str(base.get("revision"))],
        ["Licence", str(base.get("licence"))],
    ]
    for name, part in (found.metadata.get("data") or {}).items():
        facts.append([f"Data: {name}", ", ".join(f"{key} {value}" for key, value in part.items())])
    versions = found.metadata.get("versions") or {}
    facts.append(["Versions", ", ".join(f"{name} {value}" for name, value in versions.items())])
    return "<h2>About the model</h2>" + table(["", ""], facts)


def _short(text: str, limit: int = LONGEST) -> str:
    return text if len(text) <= limit else text[:limit] + " …"
