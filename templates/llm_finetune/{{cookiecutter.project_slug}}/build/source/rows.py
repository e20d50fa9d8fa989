"""The rows that the steps hand to each other: a conversation that ends with the answer to learn.

On disk a row is one JSON line: {"id", "messages": [{"role", "content"}, ...]}, and "group" where
rows are split by group; a preference is {"id", "prompt": [messages], "chosen", "rejected"}.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from source.exits import StepFailed

FILE_NAME = "rows.jsonl"
ROLES = ("system", "user", "assistant")


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: str
    content: str

    def as_dict(self) -> dict[str, str]:
        """As chat templates and the OpenAI interface have it."""
        return {"role": self.role, "content": self.content}


@dataclass(frozen=True)
class Row:
    """A conversation; its last message, the assistant's, is what the model learns to say."""

    messages: tuple[Message, ...]
    group: str | None = None

    @property
    def id(self) -> str:
        """16 hexadecimal digits of the content: equal conversations have equal ids."""
        return digest([message.as_dict() for message in self.messages])

    @property
    def prompt(self) -> tuple[Message, ...]:
        """Everything before the answer."""
        return self.messages[:-1]

    @property
    def answer(self) -> str:
        """The assistant's last words."""
        return self.messages[-1].content

    def as_dict(self) -> dict[str, Any]:
        """One line of rows.jsonl."""
        document: dict[str, Any] = {
            "id": self.id,
            "messages": [message.as_dict() for message in self.messages],
        }
        return document | ({"group": self.group} if self.group is not None else {})

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Self:
        """A row that `as_dict` wrote."""
        messages = tuple(Message(m["role"], m["content"]) for m in document["messages"])
        return cls(messages, document.get("group"))


@dataclass(frozen=True)
class Preference:
    """Two answers to one prompt, the better and the worse, for direct preference optimisation."""

    prompt: tuple[Message, ...]
    chosen: str
    rejected: str
    group: str | None = None

    @property
    def id(self) -> str:
        """16 hexadecimal digits of the content."""
        return digest([*(message.as_dict() for message in self.prompt), self.chosen, self.rejected])

    @property
    def row(self) -> Row:
        """The conversation with the better answer."""
        return Row((*self.prompt, Message("assistant", self.chosen)), self.group)

    def as_dict(self) -> dict[str, Any]:
        """One line of a file below preferences/."""
        return {
            "id": self.id,
            "prompt": [message.as_dict() for message in self.prompt],
            "chosen": self.chosen,
            "rejected": self.rejected,
        }


def digest(content: object) -> str:
    """16 hexadecimal digits of a JSON value."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def write_jsonl(documents: Iterable[dict[str, Any]], path: Path) -> Path:
    """Write one JSON object a line; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for document in documents:
            file.write(json.dumps(document, ensure_ascii=False) + "\n")
    return path


def load_rows(directory: Path) -> list[Row]:
    """The rows of a channel that Prepare wrote. Raises `StepFailed` when there are none."""
    path = directory / FILE_NAME
    if not path.is_file():
        raise StepFailed(f"{directory}: there is no {FILE_NAME}; run Prepare first")
    lines = path.read_text(encoding="utf-8").split("\n")
    rows = [Row.from_dict(json.loads(line)) for line in lines if line]
    if not rows:
        raise StepFailed(f"{path}: it holds no rows; run Prepare again")
    return rows
