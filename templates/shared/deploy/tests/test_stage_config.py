"""Every wrong value in config/<stage>.yaml is refused with its key, its value and the fix."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from example import ALL_AT_ONCE, LINEAR, stage_config, values

from components.errors import ConfigurationError
from components.stage_config import StageConfig, load_stage_config

NARROW = {"threshold": 5, "minutes": 2, "breaching_minutes": 3, "roll_back": True}
SLOW = {"threshold": 5, "minutes": 30, "breaching_minutes": 20, "roll_back": True}
LAX = {"threshold": 15, "minutes": 5, "breaching_minutes": 3, "roll_back": True}

WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown key": ({"endpoint.instanse_type": 1}, ["endpoint.instanse_type", "did you mean"]),
    "unknown section": ({"serverless": {}}, ["serverless", "the keys here are: alarms"]),
    "missing key": ({"endpoint.instance_type": ...}, ["endpoint.instance_type is missing", "ml."]),
    "missing section": ({"logs": ...}, ["logs is missing", "retention_days"]),
    "no instance type": ({"endpoint.instance_type": "m5.large"}, ["'m5.large'", "ml.m5.large"]),
    "text for a number": ({"scaling.min_instances": "2"}, ["scaling.min_instances is '2'"]),
    "truth for a number": ({"scaling.min_instances": True}, ["scaling.min_instances is True"]),
    "no instance": ({"scaling.min_instances": 0}, ["scaling.min_instances is 0", "at least 1"]),
    "fewer at most than at least": ({"scaling.max_instances": 1}, ["max_instances is 1", "raise"]),
    "unknown strategy": ({"rollout.strategy": "rolling"}, ["'rolling'", "canary or linear"]),
    "canary too large": ({"rollout.step_percent": 60}, ["rollout.step_percent is 60", "1 to 50"]),
    "canary without a size": ({"rollout.step_percent": None}, ["canary needs step_percent"]),
    "canary without a wait": ({"rollout.step_wait_seconds": None}, ["needs step_wait_seconds"]),
    "linear steps too small": (
        {**LINEAR, "rollout.step_percent": 5},
        ["step_percent is 5", "10 to 50"],
    ),
    "all at once with steps": ({"rollout.strategy": "all_at_once"}, ["all_at_once has no steps"]),
    "time-out below the waits": (
        {**LINEAR, "rollout.timeout_seconds": 1100},
        ["timeout_seconds is 1100", "take 1140"],
    ),
    "split of one instance": ({"scaling.min_instances": 1}, ["one instance cannot be shifted"]),
    "alarm that cannot fire": ({"alarms.disk_percent": NARROW}, ["breaching_minutes is 3", "2"]),
    "alarm slower than the bake": (
        {"alarms.disk_percent": SLOW},
        ["rollout.bake_seconds is 600", "alarms.disk_percent", "at least 1200"],
    ),
    "alarm blind to the canary": (
        {"alarms.server_error_percent": LAX},
        ["alarms.server_error_percent.threshold is 15", "only 10 %", "below 10"],
    ),
    "percentage above 100": (
        {"alarms.memory_percent": {**LAX, "threshold": 100}},
        ["memory_percent.threshold is 100", "below 100"],
    ),
    "rollback without an alarm": (
        {
            f"alarms.{name}": None
            for name in (
                "server_error_percent",
                "model_latency_p99_ms",
                "memory_percent",
                "disk_percent",
            )
        },
        ["no alarm has roll_back: true"],
    ),
    "sampling nothing": ({"data_capture.sampling_percent": 0}, ["sampling_percent is 0"]),
    "odd retention": ({"logs.retention_days": 31}, ["retention_days is 31", "30, 60"]),
    "no address": ({"notifications.emails": ["me"]}, ["notifications.emails.0 is 'me'"]),
    "account as a number": (
        {"model_packages.accounts": [111122223333]},
        ["model_packages.accounts.0 is 111122223333", "in quotes"],
    ),
    "no URI": ({"model_packages.artifacts_uri": "bucket/x"}, ["'bucket/x'", "s3://"]),
    "whole bucket": ({"model_packages.artifacts_uri": "s3://bucket"}, ["'s3://bucket'"]),
    "no subnet": (
        {"endpoint.vpc": {"subnet_ids": [], "security_group_ids": ["sg-1"]}},
        ["endpoint.vpc.subnet_ids is []", "subnet-"],
    ),
    "no key": ({"model_packages.artifacts_kms_key_arn": "alias/x"}, ["'alias/x'", "ARN"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_named_with_its_fix(name: str, tmp_path: Path) -> None:
    changes, expected = WRONG[name]
    file = tmp_path / "dev.yaml"
    file.write_text(yaml.safe_dump(values(changes)))
    with pytest.raises(ConfigurationError) as error:
        load_stage_config("dev", tmp_path, schema=StageConfig)
    for part in [str(file), *expected]:
        assert part in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_every_problem_has_its_own_line(tmp_path: Path) -> None:
    wrong = values({"scaling.min_instances": 0, "logs.days": 3, "container.repository": "A B"})
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(wrong))
    with pytest.raises(ConfigurationError) as error:
        load_stage_config("test", tmp_path, schema=StageConfig)
    assert {line.split(": ")[1].split(" ")[0] for line in str(error.value).splitlines()} == {
        "scaling.min_instances",
        "logs.days",
        "container.repository",
    }


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    text = yaml.safe_dump(values()) + "\nlogs:\n  retention_days: 3\n"
    (tmp_path / "dev.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"dev\.yaml: line \d+: logs is written twice"):
        load_stage_config("dev", tmp_path, schema=StageConfig)


def test_broken_yaml_names_the_place(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text("endpoint: [\n")
    with pytest.raises(ConfigurationError, match=r"dev\.yaml: line 2, column 1"):
        load_stage_config("dev", tmp_path, schema=StageConfig)


def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text("- 1\n")
    with pytest.raises(ConfigurationError, match=r"dev\.yaml: the file is \[1\]"):
        load_stage_config("dev", tmp_path, schema=StageConfig)


def test_a_missing_file_says_where_it_belongs(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"prod\.yaml is missing; each stage has"):
        load_stage_config("prod", tmp_path, schema=StageConfig)


@pytest.mark.parametrize("changes", [{}, LINEAR, ALL_AT_ONCE], ids=["canary", "linear", "at once"])
def test_waits_add_up(changes: dict[str, Any]) -> None:
    rollout = stage_config(changes).rollout
    assert (
        rollout.waiting_seconds
        == {
            "canary": 300 + 600,
            "linear": 3 * 180 + 600,
            "all_at_once": 600,
        }[rollout.strategy]
    )


def test_slow_alarms_are_fine_when_alarms_do_not_roll_back() -> None:
    changes = {"alarms.disk_percent": SLOW, "rollout.rollback_on_alarm": False}
    assert not stage_config(changes).rollout.rollback_on_alarm


def test_an_immediate_rollout_neither_waits_nor_looks_at_alarms() -> None:
    usual = stage_config()
    rollout = usual.immediate().rollout
    assert (rollout.strategy, rollout.waiting_seconds) == ("all_at_once", 0)
    assert not rollout.rollback_on_alarm
    assert usual.immediate().model_copy(update={"rollout": usual.rollout}) == usual
