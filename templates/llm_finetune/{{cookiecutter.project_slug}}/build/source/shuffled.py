"""Rows whose answers belong to other rows: there is nothing to learn from them.

A pipeline that registers a model tuned on such rows has a gate that refuses nothing. Try it on your
own rows: everything looks right to the validation, and only the evaluation can notice.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from source.errors import UserError

SEED = 17
# Where the answer is, in the shapes that have one.
ANSWERS = ("completion", "output")


class NoAnswer(UserError):
    """A row has no answer that could be given to another one."""


def write_shuffled(rows: Path, output: Path, *, seed: int = SEED) -> int:
    """Write the rows of a JSONL file with every answer moved to another row; how many there are.

    Raises `NoAnswer` naming the line.
    """
    documents = []
    for number, line in enumerate(rows.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            documents.append((number, json.loads(line)))
    order = list(range(len(documents)))
    random.Random(seed).shuffle(order)
    # Along one circle through all rows, so that none gets its own answer back.
    given = dict(zip(order, order[1:] + order[:1], strict=True))
    answers = [_answer(document, number, rows) for number, document in documents]
    for index, (_, document) in enumerate(documents):
        holder, key = _place(document)
        holder[key] = answers[given[index]]
    output.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(document, ensure_ascii=False) for _, document in documents)
    output.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    return len(documents)


def _answer(document: Any, number: int, rows: Path) -> Any:
    try:
        holder, key = _place(document)
        return holder[key]
    except (KeyError, IndexError, TypeError, StopIteration):
        raise NoAnswer(
            f"{rows}, line {number}: no answer to move; a row has messages that end with one, or "
            f"one of {', '.join(ANSWERS)}"
        ) from None


def _place(document: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The object and the key that hold a row's answer."""
    if "messages" in document:
        return document["messages"][-1], "content"
    return document, next(name for name in ANSWERS if name in document)
