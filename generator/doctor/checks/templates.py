"""The templates can be read at the pinned version, and the configuration's questions exist."""

from __future__ import annotations

from collections.abc import Iterator

from generator.config.errors import ConfigError
from generator.config.loading import check
from generator.config.pinned import TemplatesRefused
from generator.doctor.examination import Examination
from generator.doctor.findings import Found, Unchecked, ok, problem
from generator.remotes import RemoteUnavailable


def templates(examination: Examination) -> Iterator[Found]:
    """Fetch a template repository at its pin, and hold profiles and answers to what is there."""
    source = examination.config.templates
    try:
        check(examination.file, lambda config: examination.catalog())
    except ConfigError as error:
        for one in error.problems:
            yield problem(f"line {one.line}: {one}", "correct this line")
        return
    except RemoteUnavailable as error:
        raise Unchecked(str(error), "an answer of the git server") from None
    except TemplatesRefused as error:
        examination.github()  # without a token it is no wonder: Unchecked
        yield problem(str(error), "let the token read the contents of that repository")
        return
    names = ", ".join(f"{one.name} {one.version}" for one in examination.catalog().templates)
    if source is None:
        yield ok(f"built in: {names}")
        return
    pin = "commit" if source.is_commit else "tag"
    yield ok(f"{source.repository} at the {pin} {source.ref}: {names}")
