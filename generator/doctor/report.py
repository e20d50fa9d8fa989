"""Findings as lines for a person, or as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from generator.doctor.findings import Finding, Status

STYLES = {
    Status.OK: "green",
    Status.WARNING: "yellow",
    Status.PROBLEM: "bold red",
    Status.UNKNOWN: "dim",
}
_WIDTH = max(map(len, Status)) + 2
_INDENT = 2 + _WIDTH


def show(findings: Iterable[Finding], console: Console) -> list[Finding]:
    """Print each finding when it is made, below its area; return them all."""
    shown: list[Finding] = []
    for finding in findings:
        if not shown or shown[-1].area != finding.area:
            console.print(Text(finding.area, style="bold"))
        _print(finding, console)
        shown.append(finding)
    return shown


def _print(finding: Finding, console: Console) -> None:
    found = finding.found
    line = Text("  ")
    line.append(f"{found.status:{_WIDTH}}", style=STYLES[found.status])
    line.append(f"{finding.check}: {found.what}")
    console.print(line)
    for word, text in (("do", found.advice), ("needs", found.needs)):
        if text:
            console.print(Text(f"{'':{_INDENT}}{word}: {text}"))


def conclusion(findings: Sequence[Finding]) -> str:
    """Return one line that counts what was found."""
    counts = Counter(finding.found.status for finding in findings)
    words = {
        Status.PROBLEM: "problems",
        Status.WARNING: "warnings",
        Status.UNKNOWN: "could not be checked",
        Status.OK: "ok",
    }
    return ", ".join(f"{counts[status]} {word}" for status, word in words.items())


def document(findings: Sequence[Finding]) -> str:
    """Return the findings as JSON: {"findings": [...], "counts": {status: number}}."""
    listed = [
        {
            "area": finding.area,
            "check": finding.check,
            "status": finding.found.status,
            "found": finding.found.what,
            "do": finding.found.advice,
            "needs": finding.found.needs,
        }
        for finding in findings
    ]
    counts = Counter(finding.found.status for finding in findings)
    return json.dumps(
        {"findings": listed, "counts": {status: counts[status] for status in Status}}, indent=2
    )
