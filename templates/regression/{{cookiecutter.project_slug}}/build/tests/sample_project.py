"""The sample that the tests' project is made of: its configuration, its files, its code."""

from __future__ import annotations

from typing import Any

CONFIG: dict[str, Any] = {
    "data": {"source": "data/houses.csv", "target": "price"},
    "gate": {"metric": "rmse", "bound": 60},
}
FILES = {"data/houses.csv": "rooms,price\n3,100\n4,140\n"}
PACKAGES = ("mlops", "pipeline", "source")
# A section, keys to edit in it, and the steps that are then asked for something else.
EDITS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("gate", {"bound": 50}, {"RegisterModel"}),
    ("gate", {"margin_over_mean": 0.2}, {"Evaluate", "RegisterModel"}),
    ("train", {"folds": 3}, {"Train"}),
    ("split", {"test": 0.3}, {"Prepare"}),
    ("data", {"drop": ["rooms"]}, {"Prepare"}),
]
