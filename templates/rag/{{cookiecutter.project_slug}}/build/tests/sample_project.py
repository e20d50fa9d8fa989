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
# A section, keys to edit in it, and the steps that are then asked for something else.
EDITS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("gate", {"bound": 0.7}, {"RegisterModel"}),
    ("gate", {"min_refusal": 0.9}, {"Evaluate", "RegisterModel"}),
    ("data", {"max_broken_share": 0.5}, {"Ingest"}),
    ("chunk", {"max_tokens": 128}, {"Ingest", "Embed"}),
    ("embedding", {"refit_share": 0.5}, {"Ingest"}),
    ("retrieval", {"top_k": 3}, {"Index"}),
    ("evaluate", {"confidence": 0.9}, {"Evaluate"}),
    ("evaluate", {"validation_share": 0.5}, {"Index", "Evaluate"}),
]
