"""Pieces of an HTML page that needs nothing else: no script, no link, pictures inside.

Whatever is given as text is escaped here, so that no value from the data can become markup.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from source.problems import Problem
from source.rounding import number

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
td:not(.n) { min-width: 7rem; white-space: pre-line; overflow-wrap: anywhere; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.own td { font-weight: 600; background: #eef5fa; }
img { max-width: 100%; height: auto; display: block; margin: .6rem 0; }
img.square { width: 32rem; }
@media print {
  .scroll { overflow: visible; } h2 { break-after: avoid; } img { break-inside: avoid; }
}
"""


def page(title: str, sections: Sequence[str]) -> str:
    """The whole document; `sections` are HTML."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(sections)
        + "\n</body></html>\n"
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], own: Sequence[int] = ()) -> str:
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


def image(content: bytes, description: str, look: str = "wide") -> str:
    """A PNG inside the page; `look` is a class of the style sheet."""
    data = base64.b64encode(content).decode("ascii")
    return f'<img class="{look}" src="data:image/png;base64,{data}" alt="{escape(description)}">'


def banner(good: bool, headline: str, text: str = "") -> str:
    """What a reader has to know first."""
    more = f"<br>{escape(text)}" if text else ""
    look = "pass" if good else "fail"
    return f'<div class="verdict {look}"><strong>{escape(headline)}</strong>{more}</div>'


def cards(entries: Iterable[tuple[str, str, str]]) -> str:
    """Figures that stand out: a name, the figure, and a remark that may be empty."""
    shown = []
    for name, figure, remark in entries:
        small = f'<span class="muted">{escape(remark)}</span>' if remark else ""
        shown.append(f'<div class="card">{escape(name)}<b>{escape(figure)}</b>{small}</div>')
    return f'<div class="cards">{"".join(shown)}</div>'


def problem_table(problems: Sequence[Problem]) -> str:
    """The section on problems; nothing when there are none."""
    rows = [[problem.level.value, problem.message, problem.fix] for problem in problems]
    return "<h2>Problems</h2>" + table(["Level", "What", "What to do"], rows) if rows else ""


def moment(text: object) -> str:
    """An ISO timestamp without seconds; anything else as it is."""
    try:
        return datetime.fromisoformat(str(text)).strftime("%Y-%m-%d %H:%M %Z")
    except ValueError:
        return str(text)


def spread_text(value: float) -> str:
    """A standard deviation or error: two digits are all that it is good for."""
    return f"{value:.2g}" if abs(value) < 100 else f"{value:,.0f}"


def cell(value: float | None) -> str:
    """A number for a table; nothing for None."""
    return "" if value is None else number(value)
