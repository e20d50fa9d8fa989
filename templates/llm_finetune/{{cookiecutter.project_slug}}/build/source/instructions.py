"""Writes the shipped sample: short requests, and what they say as JSON.

Every row is made from a pattern and lists of words, so the right answer to a request is known and
a tiny model can learn to give it in a minute. Held-out rows are unseen combinations of patterns
and words that training rows have too: learning them proves that data, training, evaluation and
gate work together. It says nothing about how a model does on language that it has not seen.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FOLDER = Path("data")
SAMPLE = FOLDER / "instructions.jsonl"
PREFERENCES = FOLDER / "preferences.jsonl"
ROWS, PREFERENCE_ROWS = 960, 320
SEED = 7

# Few words, each one or two tokens: a model of 400,000 weights has to learn to find and repeat
# every one of them. Each word has a space before it, so that it is always the same token.
ITEMS = ("lamps", "chairs", "mugs", "clocks", "jars", "bolts", "socks", "pens")
CITIES = ("Lisbon", "Oslo", "Turin", "Leeds", "Ghent", "Porto", "Lyon", "Bergen")
ORDERS = (
    "Please send {quantity} {item} to {city}.",
    "We need {quantity} {item} in {city}.",
    "Order for {city}: {quantity} {item}.",
    "Our office in {city} is out of {item}, so add {quantity}.",
)
ASKED = "Extract the order as JSON."
ABOUT = f"""\
# The sample rows

`instructions.jsonl` holds {ROWS} requests in OpenAI's messages shape: an order in one sentence, and
the same as JSON. `preferences.jsonl` holds {PREFERENCE_ROWS} more with a right and a wrong answer,
for direct preference optimisation.

Both are written by `source/instructions.py` from patterns and lists of words, so every right
answer is known. A held-out row is a combination that no training row has, of patterns and words
that training rows do have. A model that answers such rows has learnt this task; that says nothing
about language it has not seen. Bring your own rows before you believe a figure.

No text is taken from anywhere. Use it as you like (CC0 1.0).
"""


def write_sample(folder: Path = FOLDER) -> Path:
    """Write both files and a README to `folder`; always the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    requests = _requests(ROWS + PREFERENCE_ROWS)
    rows = [_messages(said, order) for said, order in requests[:ROWS]]
    chooser = random.Random(SEED + 1)
    pairs = [_pair(said, order, chooser) for said, order in requests[ROWS:]]
    for name, documents in ((SAMPLE.name, rows), (PREFERENCES.name, pairs)):
        lines = "".join(json.dumps(document) + "\n" for document in documents)
        (folder / name).write_text(lines, encoding="utf-8", newline="\n")
    (folder / "README.md").write_text(ABOUT, encoding="utf-8", newline="\n")
    return folder / SAMPLE.name


def _requests(count: int) -> list[tuple[str, dict[str, Any]]]:
    """`count` sentences with what they say, no sentence twice."""
    chooser = random.Random(SEED)
    found: dict[str, dict[str, Any]] = {}
    while len(found) < count:
        order = {
            "item": _one(ITEMS, chooser),
            "quantity": 2 + int(chooser.random() * 8),
            "city": _one(CITIES, chooser),
        }
        found.setdefault(_one(ORDERS, chooser).format(**order), order)
    return list(found.items())


def _messages(said: str, order: dict[str, Any]) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "user", "content": f"{ASKED}\n{said}"},
            {"role": "assistant", "content": json.dumps(order)},
        ]
    }


def _pair(said: str, order: dict[str, Any], chooser: random.Random) -> dict[str, str]:
    """The wrong answer has two fields exchanged, or is prose."""
    if chooser.random() < 0.5:
        names = list(order)
        first = int(chooser.random() * len(names))
        other = names[(first + 1) % len(names)]
        rejected = json.dumps({**order, names[first]: order[other], other: order[names[first]]})
    else:
        rejected = f"Sure! {said}"
    return {
        "prompt": f"{ASKED}\n{said}",
        "chosen": json.dumps(order),
        "rejected": rejected,
    }


def _one(words: Sequence[str], chooser: random.Random) -> str:
    # By random() alone, whose sequence Python guarantees; choice() may change with a version.
    return words[int(chooser.random() * len(words))]
