"""Alarms, autoscaling and dashboard: the right metrics, units, thresholds and consequences."""

import json
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template
from example import ENDPOINT_NAME, stage_config

from components.alarms import Alarms
from components.dashboard import Dashboard
from components.endpoint_metrics import EndpointMetrics

DIMENSIONS = {"EndpointName": ENDPOINT_NAME, "VariantName": "main"}
ON = {"threshold": 5, "minutes": 4, "breaching_minutes": 2, "roll_back": False}
METRICS = EndpointMetrics(
    endpoint_name=ENDPOINT_NAME, variant_name="main", instance_type="ml.m5.2xlarge"
)


@pytest.fixture
def alarms(stack: Stack) -> Alarms:
    changes = {"alarms.client_error_percent": ON, "alarms.overhead_latency_p99_ms": ON}
    return Alarms(
        stack,
        "Alarms",
        endpoint_name=ENDPOINT_NAME,
        config=stage_config(changes).alarms,
        metrics=METRICS,
        topic=sns.Topic(stack, "Topic"),
    )


@pytest.fixture
def by_name(stack: Stack, alarms: Alarms) -> dict[str, dict[str, Any]]:
    """Properties of the synthesized alarms by the end of their name."""
    found = Template.from_stack(stack).find_resources("AWS::CloudWatch::Alarm").values()
    return {
        each["Properties"]["AlarmName"].removeprefix(f"{ENDPOINT_NAME}-"): each["Properties"]
        for each in found
    }


def source(alarm: dict[str, Any]) -> tuple[str, set[tuple[str, str, str]]]:
    """The expression of an alarm (or nothing) and the metrics behind it."""
    expression, metrics = "", set()
    for each in alarm["Metrics"]:
        if "Expression" in each:
            expression = each["Expression"]
            continue
        stat = each["MetricStat"]
        assert {d["Name"]: d["Value"] for d in stat["Metric"]["Dimensions"]} == DIMENSIONS
        assert stat["Period"] == 60
        metrics.add((stat["Metric"]["Namespace"], stat["Metric"]["MetricName"], stat["Stat"]))
    return expression, metrics


def test_every_active_alarm_exists(by_name: dict[str, Any]) -> None:
    assert set(by_name) == {
        "server-error-percent",
        "model-error-percent",
        "client-error-percent",
        "model-latency-p99-ms",
        "overhead-latency-p99-ms",
        "cpu-percent",
        "memory-percent",
        "disk-percent",
    }


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("server-error-percent", "Invocation5XXErrors"),
        ("client-error-percent", "Invocation4XXErrors"),
        ("model-error-percent", "InvocationModelErrors"),
    ],
)
def test_errors_are_a_share_of_the_requests(
    by_name: dict[str, Any], name: str, metric: str
) -> None:
    expression, metrics = source(by_name[name])
    assert expression == f"100 * FILL(count_{metric}, 0) / requests"
    assert metrics == {
        ("AWS/SageMaker", metric, "Sum"),
        ("AWS/SageMaker", "Invocations", "Sum"),
    }


@pytest.mark.parametrize(
    ("name", "metric"),
    [("model-latency-p99-ms", "ModelLatency"), ("overhead-latency-p99-ms", "OverheadLatency")],
)
def test_latency_is_in_milliseconds(by_name: dict[str, Any], name: str, metric: str) -> None:
    expression, metrics = source(by_name[name])
    assert expression.endswith("/ 1000"), "SageMaker reports microseconds"
    assert metrics == {("AWS/SageMaker", metric, "p99")}


def test_cpu_is_a_share_of_all_cores(by_name: dict[str, Any]) -> None:
    expression, metrics = source(by_name["cpu-percent"])
    assert expression == "cores / 8", "an ml.m5.2xlarge has 8, each reported as 100"
    assert metrics == {("/aws/sagemaker/Endpoints", "CPUUtilization", "Maximum")}


@pytest.mark.parametrize(
    ("name", "metric"),
    [("memory-percent", "MemoryUtilization"), ("disk-percent", "DiskUtilization")],
)
def test_memory_and_disk_watch_the_fullest_instance(
    by_name: dict[str, Any], name: str, metric: str
) -> None:
    assert source(by_name[name]) == ("", {("/aws/sagemaker/Endpoints", metric, "Maximum")})


def test_silence_is_good_for_requests_and_unknown_for_instances(by_name: dict[str, Any]) -> None:
    treated = {name: alarm["TreatMissingData"] for name, alarm in by_name.items()}
    instances = {"cpu-percent", "memory-percent", "disk-percent"}
    assert {treated.pop(name) for name in instances} == {"missing"}
    assert set(treated.values()) == {"notBreaching"}


def test_thresholds_and_windows_are_the_configured_ones(by_name: dict[str, Any]) -> None:
    alarm = by_name["client-error-percent"]
    assert (alarm["Threshold"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (5, 4, 2)
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


def test_every_alarm_notifies_and_only_the_chosen_ones_roll_back(
    stack: Stack, alarms: Alarms, by_name: dict[str, Any]
) -> None:
    for alarm in by_name.values():
        assert alarm["AlarmActions"] == alarm["OKActions"] != []
    chosen = [alarms.by_name[name] for name in ("server_error_percent", "model_latency_p99_ms")]
    assert [stack.resolve(each.alarm_name) for each in alarms.rolling_back[:2]] == [
        stack.resolve(each.alarm_name) for each in chosen
    ]
    assert len(alarms.rolling_back) == 4
    assert "undoes a deployment" in by_name["server-error-percent"]["AlarmDescription"]
    assert "only notifies" in by_name["cpu-percent"]["AlarmDescription"]


def test_the_dashboard_shows_every_metric_with_its_threshold(stack: Stack, alarms: Alarms) -> None:
    dashboard = Dashboard(
        stack,
        "Overview",
        endpoint_name=ENDPOINT_NAME,
        config=stage_config(),
        metrics=METRICS,
        alarms=alarms.all,
    )
    (found,) = Template.from_stack(stack).find_resources("AWS::CloudWatch::Dashboard").values()
    parts = found["Properties"]["DashboardBody"]["Fn::Join"][1]
    body = json.loads("".join(part if isinstance(part, str) else "ref" for part in parts))
    titles = [widget["properties"]["title"] for widget in body["widgets"]]
    assert titles == [
        "Alarms",
        "Requests a minute",
        "Errors (% of requests)",
        "Latency (ms)",
        "Busiest instance (%)",
    ]
    lines = {
        (widget["properties"]["title"], line["value"])
        for widget in body["widgets"]
        for line in widget["properties"].get("annotations", {}).get("horizontal", [])
    }
    assert {
        ("Requests a minute", 600),
        ("Latency (ms)", 500),
        ("Errors (% of requests)", 5),
    } < lines
    assert dashboard.url == (
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
        f"#dashboards/dashboard/{ENDPOINT_NAME}"
    )
