"""The pipeline as a Mermaid flowchart, coloured by what became of each step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Protocol

from mlops.check.definition import Definition

COLOURS = {
    "succeeded": "fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
    "failed": "fill:#ffebe9,stroke:#cf222e,color:#1f2328",
    "running": "fill:#fff8c5,stroke:#9a6700,color:#1f2328",
    "waiting": "fill:#f6f8fa,stroke:#8c959f,color:#656d76,stroke-dasharray:4",
}
CLASSES = {
    "Succeeded": "succeeded",
    "Failed": "failed",
    "Stopped": "failed",
    "Executing": "running",
    "Starting": "running",
    "Stopping": "running",
}
ANSWERS = {"IfSteps": "yes", "ElseSteps": "no"}


class Step(Protocol):
    """What is drawn of a step."""

    @property
    def name(self) -> str:
        """Its name in the definition."""

    @property
    def type(self) -> str:
        """Its type; conditions are drawn as diamonds."""

    @property
    def status(self) -> str:
        """What became of it."""


def flowchart(steps: Iterable[Step], definition: Definition | None) -> str:
    """Steps from left to right; without a definition in a row, as they are given."""
    nodes = {step.name: (f"s{index}", step) for index, step in enumerate(steps)}
    lines = ["flowchart LR"]
    for node, step in nodes.values():
        opening, closing = ("{", "}") if step.type == "Condition" else ("[", "]")
        kind = CLASSES.get(step.status, "waiting")
        lines.append(f'  {node}{opening}"{_label(step.name)}"{closing}:::{kind}')
    names = {name: node for name, (node, _) in nodes.items()}
    lines += [f"  {line}" for line in _arrows(names, definition)]
    lines += [f"  classDef {name} {style}" for name, style in COLOURS.items()]
    return "\n".join(lines)


def _arrows(nodes: Mapping[str, str], definition: Definition | None) -> Iterator[str]:
    if definition is None:
        row = list(nodes.values())
        yield from (f"{left} --> {right}" for left, right in pairwise(row))
        return
    before = {
        name: definition.waits_for(step) & nodes.keys()
        for name, step in definition.steps.items()
        if name in nodes
    }
    for name, earlier in before.items():
        branches = dict(definition.steps[name].branches)
        for other in sorted(earlier, key=list(nodes).index):
            # An arrow that a longer way makes superfluous is left out.
            if any(other in _reachable(third, before) for third in earlier - {other}):
                continue
            answer = f"|{ANSWERS[branches[other]]}|" if other in branches else ""
            yield f"{nodes[other]} -->{answer} {nodes[name]}"


def _reachable(name: str, before: Mapping[str, set[str]]) -> set[str]:
    """Every step that `name` waits for, directly or through others."""
    found: set[str] = set()
    pending = [name]
    while pending:
        new = before.get(pending.pop(), set()) - found
        found |= new
        pending += new
    return found


def _label(text: str) -> str:
    return text.replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
