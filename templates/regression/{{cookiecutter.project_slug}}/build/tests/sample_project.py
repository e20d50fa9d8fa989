"""The sample that the tests' project is made of: its configuration, its files, its code."""

from __future__ import annotations

from typing import Any

CONFIG: dict[str, Any] = {
    "data": {"source": "data/houses.csv", "target": "price"},
    "gate": {"metric": "rmse", "bound": 60},
}
FILES = {"data/houses.csv": "rooms,price\n3,100\n4,140\n"}
PACKAGES = ("mlops", "pipeline", "source")
