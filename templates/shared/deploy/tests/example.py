"""A complete stage configuration, from which a test changes what it is about."""

from typing import Any

from dotted_changes import with_changes

from components.model_package import ModelPackage
from components.stage_config import StageConfig

ENDPOINT_NAME = "aiops-example-dev"
PACKAGE = ModelPackage.parse(
    "arn:aws:sagemaker:eu-west-1:111122223333:model-package/aiops-example-models/3"
)
_ALARM = {"threshold": 5, "minutes": 5, "breaching_minutes": 3, "roll_back": True}
VALUES: dict[str, Any] = {
    "endpoint": {
        "instance_type": "ml.m5.xlarge",
        "network_isolation": True,
        "startup_timeout_seconds": 300,
        "download_timeout_seconds": 600,
    },
    "scaling": {
        "min_instances": 2,
        "max_instances": 4,
        "invocations_per_instance_per_minute": 600,
        "scale_out_cooldown_seconds": 60,
        "scale_in_cooldown_seconds": 300,
    },
    "rollout": {
        "strategy": "canary",
        "step_percent": 10,
        "step_wait_seconds": 300,
        "bake_seconds": 600,
        "timeout_seconds": 3600,
        "rollback_on_alarm": True,
    },
    "alarms": {
        "server_error_percent": _ALARM,
        "model_error_percent": {**_ALARM, "roll_back": False},
        "client_error_percent": None,
        "model_latency_p99_ms": {**_ALARM, "threshold": 500},
        "overhead_latency_p99_ms": None,
        "cpu_percent": {**_ALARM, "threshold": 90, "roll_back": False},
        "memory_percent": {**_ALARM, "threshold": 85},
        "disk_percent": {**_ALARM, "threshold": 85},
    },
    "data_capture": {"enabled": True, "sampling_percent": 50, "retention_days": 30},
    "logs": {"retention_days": 30, "keep_after_deletion": False},
    "notifications": {"emails": []},
    "model_packages": {"accounts": []},
    "container": {"repository": "sagemaker-xgboost"},
    "termination_protection": False,
}


def values(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """The values with changes by dotted key; ``...`` removes the key."""
    return with_changes(VALUES, changes)


def stage_config(changes: dict[str, Any] | None = None) -> StageConfig:
    """The checked configuration with changes by dotted key."""
    return StageConfig.model_validate(values(changes))


LINEAR = {
    "rollout.strategy": "linear",
    "rollout.step_percent": 25,
    "rollout.step_wait_seconds": 180,
}
ALL_AT_ONCE = {
    "rollout.strategy": "all_at_once",
    "rollout.step_percent": None,
    "rollout.step_wait_seconds": None,
}
