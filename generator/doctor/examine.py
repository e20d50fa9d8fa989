"""Runs the checks one after the other; what one cannot find out does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from generator.config.errors import ConfigError
from generator.config.loading import load
from generator.config.model import Config
from generator.doctor.checks.all import CHECKS, Check
from generator.doctor.examination import Examination
from generator.doctor.findings import Finding, Found, Unchecked, ok, problem, unknown
from generator.errors import GeneratorError, InputError


def examine(file: Path, begin: Callable[[Config], Examination]) -> Iterator[Finding]:
    """Yield what is found, as it is found. begin: makes the examination of a configuration."""
    try:
        config = load(file)
    except ConfigError as error:
        for one in error.problems:
            found = problem(f"{file}:{one.line}: {one}", "correct this line: aiops config check")
            yield Finding("Configuration", "file", found)
        return
    yield Finding("Configuration", "file", ok(f"{file} can be used"))
    examination = begin(config)
    for check in CHECKS:
        for found in _outcome(check, examination):
            yield Finding(check.area, check.name, found)


def _outcome(check: Check, examination: Examination) -> Iterator[Found]:
    try:
        yield from check.look(examination)
    except Unchecked as error:
        yield unknown(str(error), error.needs)
    except InputError as error:
        # Of the token, mostly: the check of the token itself says what to do.
        yield problem(str(error), "correct that, then run aiops doctor again")
    except GeneratorError as error:
        yield unknown(str(error))
