"""The two families of errors: what the caller must correct, and what went wrong on the way.

Every error of the generator is one of the two, and says in one sentence what was wrong, the value
and what to do. A state machine can retry or stop by the class's name.
"""

from __future__ import annotations


class GeneratorError(Exception):
    """Something failed while working; running again may help. Exit code 1."""

    exit_code = 1


class InputError(GeneratorError):
    """What came in cannot be used as it is; running again will not help. Exit code 2."""

    exit_code = 2


def shown(value: object, limit: int = 60) -> str:
    """Return `value` as it may stand in a message: quoted, ASCII only, at most `limit` long."""
    text = ascii(value)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
