"""Alarms on answers: what is read from the log, what is computed, and what undoes a rollout."""

import re
from typing import Any

import pytest
from stage_example import stage_config, synthesized
from template_reading import found

from components.settings import load_settings
from stacks.answer_log import LOGGED

ENDPOINT = load_settings().endpoint_name("prod")
ALL = {
    "alarms.throttled_per_minute": {
        "threshold": 5,
        "minutes": 5,
        "breaching_minutes": 3,
        "roll_back": False,
    }
}
# What a container writes: one line for each of these.
LINES: dict[str, dict[str, Any]] = {
    "answer": {"retrieval_ms": 12.3, "generation_ms": 4.5, "passages": 5, "empty": 0, "refused": 0},
    "generation_failed": {"throttled": 1},
    "feedback": {"up": 0, "down": 1},
}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return synthesized(ALL)


def alarm(template: dict[str, Any], name: str) -> dict[str, Any]:
    (one,) = (
        each for each in found(template, "::Alarm") if each["AlarmName"] == f"{ENDPOINT}-{name}"
    )
    return one


def test_each_number_is_read_from_the_lines_of_its_event(template: dict[str, Any]) -> None:
    filters = {each["FilterName"]: each for each in found(template, "::MetricFilter")}
    assert set(filters) == {f"{ENDPOINT}-{name}" for name in LOGGED}
    for name in LOGGED:
        one = filters[f"{ENDPOINT}-{name}"]
        (transformation,) = one["MetricTransformations"]
        assert transformation["MetricName"] == name
        assert transformation["MetricNamespace"] == f"Endpoints/{ENDPOINT}"
        pattern = re.fullmatch(r'\{ \$\.event = "(\w+)" \}', one["FilterPattern"])
        assert pattern is not None
        value = transformation["MetricValue"]
        assert value == "1" or value.removeprefix("$.") in LINES[pattern[1]]


def test_the_log_is_the_endpoints_and_is_read_from_its_first_line(
    template: dict[str, Any],
) -> None:
    resources = template["Resources"]
    groups = [name for name, each in resources.items() if each["Type"].endswith("::LogGroup")]
    filters = [name for name, each in resources.items() if each["Type"].endswith("::MetricFilter")]
    assert {each["LogGroupName"]["Ref"] for each in found(template, "::MetricFilter")} == {*groups}
    (endpoint,) = (
        each for each in resources.values() if each["Type"] == "AWS::SageMaker::Endpoint"
    )
    assert set(endpoint["DependsOn"]) >= {*filters, *groups}


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("empty-percent", "EmptyAnswers"),
        ("refused-percent", "RefusedAnswers"),
        ("disliked-percent", "DislikedAnswers"),
    ],
)
def test_shares_are_of_all_answers(template: dict[str, Any], name: str, metric: str) -> None:
    parts = {each["Id"]: each for each in alarm(template, name)["Metrics"]}
    (expression,) = (each["Expression"] for each in parts.values() if "Expression" in each)
    assert expression == f"100 * FILL(count_{metric}, 0) / answers"
    shown = {
        identity: part["MetricStat"]["Metric"]["MetricName"]
        for identity, part in parts.items()
        if "MetricStat" in part
    }
    assert shown == {f"count_{metric}": metric, "answers": "Answers"}


def test_retrieval_is_watched_at_its_slowest_twentieth(template: dict[str, Any]) -> None:
    (watched,) = alarm(template, "retrieval-latency-p95-ms")["Metrics"]
    assert watched["MetricStat"]["Stat"] == "p95"
    assert watched["MetricStat"]["Metric"] == {
        "MetricName": "RetrievalMilliseconds",
        "Namespace": f"Endpoints/{ENDPOINT}",
    }


def test_a_busy_model_is_counted_by_the_minute(template: dict[str, Any]) -> None:
    one = alarm(template, "throttled-per-minute")
    (watched,) = one["Metrics"]
    assert watched["MetricStat"]["Metric"]["MetricName"] == "ThrottledGenerations"
    assert (watched["MetricStat"]["Stat"], watched["MetricStat"]["Period"]) == ("Sum", 60)
    assert one["TreatMissingData"] == "notBreaching", "nobody who asks is no problem"


def test_an_index_that_finds_nothing_is_taken_back(template: dict[str, Any]) -> None:
    (endpoint,) = found(template, "::SageMaker::Endpoint")
    watched = endpoint["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    names = {template["Resources"][each["AlarmName"]["Ref"]]["Properties"]["AlarmName"]
             for each in watched}  # fmt: skip
    assert names >= {
        f"{ENDPOINT}-{name}"
        for name in ("empty-percent", "refused-percent", "retrieval-latency-p95-ms")
    }
    assert f"{ENDPOINT}-disliked-percent" not in names, "ratings come too late"


def test_the_dashboard_shows_every_number(template: dict[str, Any]) -> None:
    (dashboard,) = found(template, "::Dashboard")
    body = str(dashboard["DashboardBody"])
    assert all(name in body for name in LOGGED)
    assert "alarm: empty percent" in body


def test_an_empty_share_that_could_not_fire_is_refused() -> None:
    limits = {"threshold": 10, "minutes": 5, "breaching_minutes": 3, "roll_back": True}
    with pytest.raises(ValueError, match=r"alarms\.empty_percent\.threshold is 10\.0"):
        stage_config({"alarms.empty_percent": limits, "rollout.step_percent": 10})


def test_more_guards_than_sagemaker_watches_are_refused() -> None:
    limits = {"threshold": 4, "minutes": 5, "breaching_minutes": 3, "roll_back": True}
    names = type(stage_config().alarms).model_fields
    with pytest.raises(ValueError, match=r"13 alarms have roll_back: true.* at most 10"):
        stage_config({f"alarms.{name}": limits for name in names})
