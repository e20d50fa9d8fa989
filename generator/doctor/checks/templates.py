"""The templates can be read at the pinned version, and the configuration's questions exist."""

from __future__ import annotations

from collections.abc import Iterator

from generator.catalog import Catalog
from generator.config.errors import ConfigError
from generator.config.loading import check
from generator.config.model import Config
from generator.config.pinned import TemplatesRefused
from generator.config.templates import templates_of
from generator.doctor.examination import Examination
from generator.doctor.findings import Found, Unchecked, ok, problem
from generator.errors import GeneratorError
from generator.remotes import RemoteUnavailable, TokenProvider


def templates(examination: Examination) -> Iterator[Found]:
    """Fetch a template repository at its pin, and hold profiles and answers to what is there."""
    source = examination.config.templates
    token = None if source is None else _token(examination)
    found: list[Catalog] = []

    def catalog(config: Config) -> Catalog:
        found.append(templates_of(config, token))
        return found[0]

    try:
        check(examination.file, catalog)
    except ConfigError as error:
        yield from (
            problem(f"line {one.line}: {one}", "correct this line") for one in error.problems
        )
        return
    except RemoteUnavailable as error:
        raise Unchecked(str(error), "an answer of the git server") from None
    except TemplatesRefused as error:
        if token is not None:
            raise
        raise Unchecked(str(error), "the token of GitHub") from None
    names = ", ".join(f"{one.name} {one.version}" for one in found[0].templates)
    if source is None:
        yield ok(f"built in: {names}")
        return
    pin = "commit" if source.is_commit else "tag"
    yield ok(f"{source.repository} at the {pin} {source.ref}: {names}")


def _token(examination: Examination) -> TokenProvider | None:
    """Return the token of GitHub, if there is one; why there is none is said of the token."""
    try:
        tokens = examination.github().api.tokens
    except GeneratorError:
        return None
    return lambda: tokens.token().reveal()
