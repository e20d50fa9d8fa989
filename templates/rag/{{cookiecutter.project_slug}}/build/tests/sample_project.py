"""The sample that the tests' project is made of: its configuration, its files, its code."""

from __future__ import annotations

from typing import Any

CONFIG: dict[str, Any] = {
    "data": {"source": "manuals/", "licence": "CC-BY-4.0"},
    "gate": {"metric": "mrr", "bound": 0.5},
}
DOCUMENT = "# Anchor\nIt is heavy.\n"
FILES = {"manuals/anchor.md": DOCUMENT, "manuals/bridge/radar.md": DOCUMENT}
PACKAGES = ("mlops", "pipeline", "source", "prompts")
