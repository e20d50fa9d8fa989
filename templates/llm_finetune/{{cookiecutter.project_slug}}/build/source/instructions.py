"""Writes the shipped sample: short requests, and what they say as JSON.

Every row is made from a pattern and lists of words, so the right answer to a request is known and
a tiny model can learn to give it in a minute. Held-out rows are unseen combinations of patterns
and words that training rows have too: learning them proves that data, training, evaluation and
gate work together. It says nothing about how a model does on language that it has not seen.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path("data")
SAMPLE = FOLDER / "instructions.jsonl"
PREFERENCES = FOLDER / "preferences.jsonl"
ROWS, PREFERENCE_ROWS = 960, 320
SEED = 7

# Few words, each a token of its own: a model of 400,000 weights has to learn to find and repeat
# every one of them.
ITEMS = ("lamps", "chairs", "mugs", "clocks", "jars", "bolts", "socks", "pens")
CITIES = ("Lisbon", "Oslo", "Turin", "Leeds", "Ghent", "Porto", "Lyon", "Bergen")
PEOPLE = ("Amina", "Bruno", "Carla", "David", "Elena", "Farid", "Greta", "Hugo")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
TOPICS = ("safety", "hiring", "training", "sales", "travel", "rent")

ORDERS = (
    "Please send {quantity} {item} to {city}.",
    "We need {quantity} {item} in {city}.",
    "Order for {city}: {quantity} {item}.",
    "{city} is out of {item}, so add {quantity}.",
)
MEETINGS = (
    "Meet {person} on {day} about {topic}.",
    "{person} would like to talk about {topic} on {day}.",
    "On {day} I see {person} to discuss {topic}.",
    "Put {topic} on the calendar for {day}, with {person}.",
)
# There are 2,048 different orders and 960 different meetings.
ORDER_SHARE = 0.6
ASKED = {
    "order": "Extract the order as JSON.",
    "meeting": "Extract the meeting as JSON.",
}
ABOUT = f"""\
# The sample rows

`instructions.jsonl` holds {ROWS} requests in OpenAI's messages shape: an order or a meeting in one
sentence, and the same as JSON. `preferences.jsonl` holds {PREFERENCE_ROWS} more with a right and a
wrong answer, for direct preference optimisation.

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
    rows = [_messages(kind, said, fields) for kind, said, fields in requests[:ROWS]]
    chooser = random.Random(SEED + 1)
    pairs = [_pair(kind, said, fields, chooser) for kind, said, fields in requests[ROWS:]]
    for name, documents in ((SAMPLE.name, rows), (PREFERENCES.name, pairs)):
        lines = "".join(json.dumps(document) + "\n" for document in documents)
        (folder / name).write_text(lines, encoding="utf-8", newline="\n")
    (folder / "README.md").write_text(ABOUT, encoding="utf-8", newline="\n")
    return folder / SAMPLE.name


def expected(fields: dict[str, Any]) -> str:
    """The right answer for what a request says."""
    return json.dumps(fields)


def _requests(count: int) -> list[tuple[str, str, dict[str, Any]]]:
    """(kind, sentence, fields) of `count` requests, no sentence twice."""
    found: dict[str, tuple[str, str, dict[str, Any]]] = {}
    for kind, said, fields in _draw(random.Random(SEED)):
        found.setdefault(said, (kind, said, fields))
        if len(found) == count:
            break
    return list(found.values())


def _draw(chooser: random.Random) -> Iterator[tuple[str, str, dict[str, Any]]]:
    while True:
        if chooser.random() < ORDER_SHARE:
            order = {
                "item": _one(ITEMS, chooser),
                "quantity": 2 + int(chooser.random() * 8),
                "city": _one(CITIES, chooser),
            }
            yield "order", _one(ORDERS, chooser).format(**order), order
        else:
            meeting = {
                "person": _one(PEOPLE, chooser),
                "day": _one(DAYS, chooser),
                "topic": _one(TOPICS, chooser),
            }
            yield "meeting", _one(MEETINGS, chooser).format(**meeting), meeting


def _messages(kind: str, said: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "user", "content": f"{ASKED[kind]}\n{said}"},
            {"role": "assistant", "content": expected(fields)},
        ]
    }


def _pair(kind: str, said: str, fields: dict[str, Any], chooser: random.Random) -> dict[str, str]:
    """The wrong answer has two fields exchanged, or is prose."""
    if chooser.random() < 0.5:
        names = list(fields)
        first = int(chooser.random() * len(names))
        other = names[(first + 1) % len(names)]
        rejected = expected({**fields, names[first]: fields[other], other: fields[names[first]]})
    else:
        rejected = f"Sure! {said}"
    return {
        "prompt": f"{ASKED[kind]}\n{said}",
        "chosen": expected(fields),
        "rejected": rejected,
    }


def _one(words: Sequence[str], chooser: random.Random) -> str:
    # By random() alone, whose sequence Python guarantees; choice() may change with a version.
    return words[int(chooser.random() * len(words))]
