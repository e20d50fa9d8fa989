"""What can be wrong with a table, in words that say what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Whether training may go on."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Problem:
    """One finding: a stable code for machines, and for people what was seen and what to do."""

    level: Level
    code: str
    message: str
    fix: str
    column: str | None = None

    def __str__(self) -> str:
        return f"{self.level.value}: {self.message} [{self.code}]\n         -> {self.fix}"


def error(code: str, message: str, fix: str, column: str | None = None) -> Problem:
    """A finding that ends the run."""
    return Problem(Level.ERROR, code, message, fix, column)


def warning(code: str, message: str, fix: str, column: str | None = None) -> Problem:
    """A finding that is reported and otherwise survived."""
    return Problem(Level.WARNING, code, message, fix, column)


def only_errors(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The findings that end the run."""
    return tuple(problem for problem in problems if problem.level is Level.ERROR)


def errors_first(problems: Iterable[Problem]) -> list[Problem]:
    """All findings in the order in which a person should read them."""
    return sorted(problems, key=lambda problem: problem.level is not Level.ERROR)
