"""What a check found: where, what is wrong, and how to put it right."""

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]

_LONGEST_VALUE = 120


@dataclass(frozen=True)
class Finding:
    """One defect. `path` is the place inside the step, such as `Arguments.RoleArn`.

    An error is something SageMaker refuses or that fails at run time; a warning is legal and
    probably not meant.
    """

    severity: Severity
    step: str
    path: str
    problem: str
    fix: str

    @property
    def place(self) -> str:
        """Step and path, as people read it."""
        return ": ".join(part for part in (self.step, self.path) if part) or "definition"

    def __str__(self) -> str:
        lines = [f"{self.severity}: {self.place}", f"  {self.problem}"]
        return "\n".join([*lines, f"  fix: {self.fix}"] if self.fix else lines)


class Findings(list[Finding]):
    """Findings in the order in which they were made."""

    def error(self, step: str, path: str, problem: str, fix: str = "") -> None:
        """Add an error."""
        self.append(Finding("error", step, path, problem, fix))

    def warning(self, step: str, path: str, problem: str, fix: str = "") -> None:
        """Add a warning."""
        self.append(Finding("warning", step, path, problem, fix))

    @property
    def errors(self) -> list[Finding]:
        """The findings that make the definition unusable."""
        return [finding for finding in self if finding.severity == "error"]


def show(value: Any) -> str:
    """A value as it stands in the definition, shortened when it is long."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def suggest(name: str, known: Iterable[str]) -> str:
    """The known name that `name` was probably meant to be, or the whole list."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.55)
    if close:
        return f"did you mean {close[0]!r}?"
    if not names:
        return "none is declared"
    shown = ", ".join(names[:12]) + (f", … ({len(names)} in all)" if len(names) > 12 else "")
    return f"use one of: {shown}"
