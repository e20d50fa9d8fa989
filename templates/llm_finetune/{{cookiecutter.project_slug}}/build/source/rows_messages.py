"""What a conversation must be: known roles, in an order that chat templates take, no empty text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from source.rows import ROLES, Message

# Other names of the roles, as older sets have them.
ROLE_NAMES = {
    **{role: role for role in ROLES},
    "human": "user",
    "gpt": "assistant",
    "developer": "system",
}


class RowProblem(ValueError):
    """One row cannot be used; the text is the reason."""


def text(value: Any, name: str) -> str:
    """A text with something in it, as it was written; numbers become texts."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RowProblem(f"{name!r} is a {type(value).__name__}, where a text is needed")
    if not str(value).strip():
        raise RowProblem(f"{name!r} is empty")
    if isinstance(value, str) and "\ufffd" in value:
        raise RowProblem(
            f"{name!r} holds U+FFFD, the mark of a character that was not decoded; "
            "read the original with its own encoding"
        )
    try:
        str(value).encode("utf-8")
    except UnicodeEncodeError as error:
        raise RowProblem(f"{name!r} holds half of a UTF-16 pair at {error.start}") from None
    return str(value)


def messages(value: Any, name: str) -> list[Message]:
    """The messages in a list of {"role", "content"} (or {"from", "value"}) objects."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise RowProblem(f"{name!r} is a text that is no JSON list of messages") from None
    if not isinstance(value, list | tuple) or not value:
        raise RowProblem(f"{name!r} is not a list of messages, or an empty one")
    return [_message(item, position, name) for position, item in enumerate(value, start=1)]


def answer(value: Any, name: str) -> list[Message]:
    """An answer given as a text, or a conversation that ends with it."""
    if isinstance(value, list | tuple):
        return messages(value, name)
    return [Message("assistant", text(value, name))]


def conversation(turns: Sequence[Message], system: str | None) -> tuple[Message, ...]:
    """The turns, preceded by the system prompt unless they have one; checked in their order."""
    if system is not None and turns[0].role != "system":
        turns = [Message("system", system), *turns]
    said = turns[1:] if turns[0].role == "system" else turns
    for position, turn in enumerate(said, start=len(turns) - len(said) + 1):
        expected = "assistant" if (position - (len(turns) - len(said))) % 2 == 0 else "user"
        if turn.role == "system":
            raise RowProblem(f"message {position} is a system message; only the first may be one")
        if turn.role != expected:
            raise RowProblem(
                f"message {position} is the {turn.role}'s, where the {expected}'s is due: user and "
                "assistant take turns, the user first"
            )
    if not said or said[-1].role != "assistant":
        raise RowProblem("the last message is not the assistant's: there is no answer to learn")
    return tuple(turns)


def _message(item: Any, position: int, name: str) -> Message:
    if not isinstance(item, dict):
        raise RowProblem(f"message {position} of {name!r} is a {type(item).__name__}, no object")
    role = item.get("role", item.get("from"))
    if role is None:
        raise RowProblem(f"message {position} of {name!r} has no role")
    known = ROLE_NAMES.get(str(role).strip().lower())
    if known is None:
        raise RowProblem(
            f"message {position} has the unknown role {str(role)[:40]!r}; use {', '.join(ROLES)}"
        )
    content = item.get("content", item.get("value"))
    if content is None:
        raise RowProblem(f"message {position} of {name!r} has no content")
    return Message(known, text(content, f"content of message {position}"))
