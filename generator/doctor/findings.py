"""What a check can say: all is well, something should or must be done, or it could not look."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from generator.errors import GeneratorError


class Status(StrEnum):
    """How it stands with one thing. UNKNOWN says nothing about it, good or bad."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNKNOWN = "could not check"


@dataclass(frozen=True)
class Found:
    """What a check found. advice: what to do about it. needs: the permission to find out."""

    status: Status
    what: str
    advice: str | None = None
    needs: str | None = None


@dataclass(frozen=True)
class Finding:
    """What was found, and where: area and check say which thing it is about."""

    area: str
    check: str
    found: Found


class Unchecked(GeneratorError):
    """A check could not look. `needs` is the permission, or the preparation, that it lacks."""

    def __init__(self, message: str, needs: str | None = None) -> None:
        super().__init__(message)
        self.needs = needs


def ok(what: str) -> Found:
    """All is well."""
    return Found(Status.OK, what)


def warning(what: str, advice: str) -> Found:
    """It works, but not as wanted, or not for long."""
    return Found(Status.WARNING, what, advice)


def problem(what: str, advice: str) -> Found:
    """Projects will not get their repositories, or nobody will hear of it."""
    return Found(Status.PROBLEM, what, advice)


def unknown(what: str, needs: str | None = None) -> Found:
    """It could not be looked at."""
    return Found(Status.UNKNOWN, what, needs=needs)
