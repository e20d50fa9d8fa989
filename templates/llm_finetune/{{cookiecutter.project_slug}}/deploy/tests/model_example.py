"""A complete stage configuration, from which a test changes what it is about."""

from pathlib import Path
from typing import Any

import yaml
from dotted_changes import with_changes

from stacks.stage_config import StageConfig

PROD = Path(__file__).parent.parent / "config" / "prod.yaml"


def values(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """The values of the prod stage, with changes by dotted key."""
    stage: dict[str, Any] = yaml.safe_load(PROD.read_text(encoding="utf-8"))
    stage["model"] = {
        "parameters_millions": 8000,
        "bytes_per_parameter": 2,
        "layers": 36,
        "attention_heads": 32,
        "key_value_heads": 8,
        "head_size": 128,
        "longest_context_tokens": 40960,
    }
    stage["endpoint"]["instance_type"] = "ml.g6e.2xlarge"
    stage["engine"] |= {"context_tokens": 8192, "gpu_memory_share": 0.9}
    return with_changes(stage, changes)


def stage_config(changes: dict[str, Any] | None = None) -> StageConfig:
    """The checked configuration with changes by dotted key."""
    return StageConfig.model_validate(values(changes))
