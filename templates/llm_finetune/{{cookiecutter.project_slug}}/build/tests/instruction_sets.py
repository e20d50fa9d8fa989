"""Small sets of rows for the tests, and the files that hold them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from source.rows import Message, Row

NAMES = ("Amina", "Bruno", "Carla", "David", "Elena", "Farid", "Greta", "Hugo", "Irina", "Jonas")
COLOURS = ("red", "blue", "green", "white", "black", "brown", "grey", "pink")


def pair(index: int) -> tuple[str, str]:
    """Prompt and answer number `index`; the first 80 differ from each other."""
    name, colour = NAMES[index % 10], COLOURS[index // 10 % 8]
    more = f" {index}" if index >= 80 else ""
    return f"{name} wants the {colour} coat{more}. Who wants what?", f"{name}: {colour} coat"


def row(index: int) -> Row:
    """The same as a row."""
    asked, answer = pair(index)
    return Row((Message("user", asked), Message("assistant", answer)))


def rows(count: int) -> list[Row]:
    """The first `count` rows."""
    return [row(index) for index in range(count)]


def chat(index: int) -> dict[str, Any]:
    """The same in OpenAI's messages shape."""
    asked, answer = pair(index)
    return {
        "messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
    }


def write_lines(path: Path, documents: Iterable[Mapping[str, Any] | str]) -> Path:
    """JSON Lines; a text is written as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (entry if isinstance(entry, str) else json.dumps(entry) for entry in documents)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def write_settings(path: Path, **sections: Any) -> Path:
    """A step's settings.json."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(sections), encoding="utf-8")
    return path
