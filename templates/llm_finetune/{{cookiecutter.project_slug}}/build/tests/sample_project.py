"""The sample that the tests' project is made of: its configuration, its files, its code."""

from __future__ import annotations

from typing import Any

CONFIG: dict[str, Any] = {
    "data": {"source": "data/orders.jsonl"},
    "model": {"source": "models/tiny", "max_length": 64},
    "gate": {"metric": "f1", "bound": 0.5},
}
REVISION = "0123456789abcdef0123456789abcdef01234567"
ROW = '{"prompt": "two mugs", "completion": "{}"}\n'
FILES = {"data/orders.jsonl": ROW, "data/pairs.jsonl": ROW, "models/tiny/config.json": "{}"}
PACKAGES = ("mlops", "pipeline", "source")
# A section, keys to edit in it, and the steps that are then asked for something else.
EDITS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("gate", {"bound": 0.7}, {"RegisterModel"}),
    ("gate", {"margin_over_base": 0.2}, {"Evaluate", "RegisterModel"}),
    ("train", {"epochs": 2}, {"Train"}),
    ("split", {"test": 0.3}, {"Prepare"}),
    ("data", {"deduplicate": False}, {"Prepare"}),
    ("evaluate", {"max_rows": 20}, {"Evaluate"}),
    ("compute", {"train": {"usd_per_hour": 1.5}}, {"Train"}),
]
