"""The baseline that later requests are compared with: lengths of the training rows.

Both documents have the shape of SageMaker Model Monitor's statistics.json and constraints.json.
All features can be counted in captured requests and answers: the endpoint reports tokens as
`usage`, characters and messages are in the bodies.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from source.numeric_statistics import MONITORING_CONFIG, numeric_statistics
from source.rows import Row
from source.tokens import Length


def features(rows: Sequence[Row], lengths: Sequence[Length]) -> dict[str, list[int]]:
    """Tokens and characters of prompt and completion, and messages sent: a value a row each."""
    return {
        "prompt_tokens": [length.prompt for length in lengths],
        "completion_tokens": [length.answer for length in lengths],
        "prompt_characters": [sum(len(m.content) for m in row.prompt) for row in rows],
        "completion_characters": [len(row.answer) for row in rows],
        "prompt_messages": [len(row.prompt) for row in rows],
    }


def statistics(counts: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Moments and deciles of every feature."""
    return {
        "version": 0.0,
        "dataset": {"item_count": len(counts["prompt_tokens"])},
        "features": [
            {
                "name": name,
                "inferred_type": "Integral",
                "numerical_statistics": numeric_statistics(values),
            }
            for name, values in counts.items()
        ],
    }


def constraints(counts: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """What later requests should keep to: counts are there, and not negative."""
    return {
        "version": 0.0,
        "features": [
            {
                "name": name,
                "inferred_type": "Integral",
                "completeness": 1.0,
                "num_constraints": {"is_non_negative": True},
            }
            for name in counts
        ],
        "monitoring_config": MONITORING_CONFIG,
    }


def write(rows: Sequence[Row], lengths: Sequence[Length], directory: Path) -> None:
    """Write statistics.json and constraints.json."""
    counts = features(rows, lengths)
    directory.mkdir(parents=True, exist_ok=True)
    for name, document in (
        ("statistics.json", statistics(counts)),
        ("constraints.json", constraints(counts)),
    ):
        text = json.dumps(document, indent=2)
        (directory / name).write_text(text + "\n", encoding="utf-8")
