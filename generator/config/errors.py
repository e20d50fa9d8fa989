"""What is wrong with a configuration: every problem at once, each with its line and the fix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from generator.config.secrecy import concealed
from generator.errors import InputError


@dataclass(frozen=True)
class Problem:
    """One thing to correct. line: from 1. key: dotted, None when it is about the whole line.

    value: as it may be printed; None when there is none, or when it must not be printed.
    """

    line: int
    key: str | None
    value: str | None
    fix: str

    def __str__(self) -> str:
        """Return it as a person reads it; a secret that got into a key is not repeated."""
        if self.key is None:
            return concealed(self.fix)
        value = "" if self.value is None else f" = {self.value}"
        return concealed(f"{self.key}{value}: {self.fix}")


class ConfigError(InputError):
    """A configuration that cannot be used. `problems` are ordered by line."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        listed = "\n".join(f"  {file}:{problem.line}: {problem}" for problem in self.problems)
        super().__init__(f"{file} cannot be used; nothing was done:\n{listed}")
