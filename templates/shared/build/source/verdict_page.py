"""A gate's verdict as parts of an HTML page: the banner, and the table of its checks."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from source.page import banner, cell, table
from source.verdict import Check, Gate


def gate_banner(gate: Gate) -> str:
    """The verdict and the gate's sentence."""
    return banner(gate.passed, f"Quality gate: {gate.outcome.capitalize()}", gate.message)


def gate_checks(
    gate: Gate, names: Mapping[str, str], note: str, *, words: str, value: str = "Value"
) -> str:
    """The section on the checks; `words` and `value` head the columns of what was judged.

    `names` has what people call each check, `note` follows "above 0 fails.".
    """

    rows = [
        [
            names[name],
            check_outcome(check),
            check.statement,
            cell(check.value) if check.applied else "",
            cell(check.limit),
            cell(check.excess) if check.applied else "",
        ]
        for name, check in gate.checks.items()
    ]
    heads = ["Check", "Verdict", words, f"#{value}", "#Limit", "#Excess"]
    text = f"Excess counts towards worse: above 0 fails. {note}".strip()
    return f'<h2>Quality gate</h2>{table(heads, rows)}<p class="muted">{escape(text)}</p>'


def check_outcome(check: Check) -> str:
    """Whether the check holds, in a word and a sign."""
    return "not applied" if not check.applied else "✓ holds" if check.passed else "✗ fails"
