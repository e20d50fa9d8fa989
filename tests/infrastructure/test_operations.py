"""Alarms, notifications, dashboard, identity provider: what people see and what may reach them."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest

from generator.handlers.entry import entry
from infrastructure.templates import Template, listed, resolved, statements

pytestmark = pytest.mark.xdist_group("infrastructure")

ACCOUNT, GOVERNANCE = "222233334444", "111122223333"
EMAIL = [("email", "ml-platform@example.com")]
STACKS = {"governance", "control-plane", "approval"}


def alarms(stacks: dict[str, Template]) -> dict[str, dict[str, Any]]:
    return {
        properties["AlarmName"]: properties
        for template in stacks.values()
        for properties in template.of_type("CloudWatch::Alarm").values()
    }


def test_everything_that_can_go_wrong_silently_has_an_alarm(full: dict[str, Template]) -> None:
    steps = ("describe", "seed-build", "seed-deploy", "deletion", "approval")
    routes = (
        "forward-projects",
        "project-created",
        "project-deleted",
        "project-failed",
        "model-changed",
    )
    machine = ("failed", "timed-out", "throttled")
    assert set(alarms(full)) == {
        "aiops-github-calls-left",
        *(f"aiops-executions-{outcome}" for outcome in machine),
        *(f"aiops-{route}-undelivered" for route in routes),
        *(f"aiops-{step}-{trouble}" for step in steps for trouble in ("errors", "throttles")),
    }


def test_alarms_watch_what_exists(full: dict[str, Template]) -> None:
    exists = {
        properties[member]
        for template in full.values()
        for kind, member in (("SQS::Queue", "QueueName"), ("Lambda::Function", "FunctionName"))
        for properties in template.of_type(kind).values()
    }
    exists |= {f"arn:aws:states:eu-west-1:{ACCOUNT}:stateMachine:aiops-seed-project", "aiops"}
    assert {
        dimension["Value"] for alarm in alarms(full).values() for dimension in alarm["Dimensions"]
    } == exists


def test_an_alarm_says_what_to_do_and_starts_at_the_first_lost_event(
    full: dict[str, Template],
) -> None:
    for name, alarm in alarms(full).items():
        assert len(alarm["AlarmDescription"]) > 80, name
        assert alarm["TreatMissingData"] == "notBreaching"
        if name.endswith(("undelivered", "failed", "timed-out")):
            assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1)
            assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert alarms(full)["aiops-github-calls-left"]["ComparisonOperator"] == "LessThanThreshold"


def test_every_alarm_tells_a_topic_that_it_can_reach(
    full: dict[str, Template], minimal: dict[str, Template]
) -> None:
    for name, alarm in alarms(full).items():
        topic: list[Any] = [f"arn:aws:sns:eu-west-1:{ACCOUNT}:ml-platform"]
        # Another account: alarms reach no topic outside of theirs.
        if name == "aiops-forward-projects-undelivered":
            ((logical, _),) = full["aiops-governance"].of_type("SNS::Topic").items()
            topic = [{"Ref": logical}]
        assert alarm["AlarmActions"] == alarm["OKActions"] == topic
    for name, alarm in alarms(minimal).items():
        assert alarm["AlarmActions"] == alarm["OKActions"], name
        assert len(alarm["AlarmActions"]) == 1


@pytest.mark.parametrize(
    ("configuration", "stack", "prefix", "account"),
    [
        ("minimal", "control-plane", "factory", ACCOUNT),
        ("full", "governance", "aiops", GOVERNANCE),
    ],
)
def test_a_topic_of_ours_is_encrypted_and_lets_our_alarms_in(
    configuration: str, stack: str, prefix: str, account: str, request: pytest.FixtureRequest
) -> None:
    template = request.getfixturevalue(configuration)[f"{prefix}-{stack}"]
    ((topic, properties),) = template.of_type("SNS::Topic").items()
    ((key, encryption),) = template.of_type("KMS::Key").items()
    assert properties["TopicName"] == f"{prefix}-notifications"
    assert properties["KmsMasterKeyId"] == {"Fn::GetAtt": [key, "Arn"]}
    assert encryption["EnableKeyRotation"] is True
    ((_, policy),) = template.of_type("SNS::TopicPolicy").items()
    for document, action in (
        (policy["PolicyDocument"], "sns:Publish"),
        (encryption["KeyPolicy"], "kms:GenerateDataKey"),
    ):
        (admitted,) = (
            statement.content
            for statement in statements(topic, document)
            if statement.content["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        )
        assert action in listed(admitted["Action"])
        assert admitted["Condition"] == {
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {
                "aws:SourceArn": f"arn:aws:cloudwatch:eu-west-1:{account}:alarm:{prefix}-*"
            },
        }
    refused = [each.content for each in statements(topic, policy["PolicyDocument"])]
    assert any(
        each["Effect"] == "Deny" and each["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for each in refused
    )


def test_a_topic_that_exists_is_used_and_none_is_made(
    full: dict[str, Template], minimal: dict[str, Template]
) -> None:
    for stacks in (full, minimal):
        (readers,) = (
            list(template.of_type("SNS::Subscription").values())
            for name, template in stacks.items()
            if name.endswith("control-plane")
        )
        assert [(each["Protocol"], each["Endpoint"]) for each in readers] == EMAIL
    # The governance account has its own, with the same readers, unless it is the same account.
    of_governance = full["aiops-governance"].of_type("SNS::Subscription").values()
    assert [(each["Protocol"], each["Endpoint"]) for each in of_governance] == EMAIL
    assert not minimal["factory-governance"].of_type("SNS::Topic")
    assert not full["aiops-control-plane"].of_type("SNS::Topic")


def test_the_dashboard_shows_what_exists(full: dict[str, Template]) -> None:
    ((_, properties),) = full["aiops-control-plane"].of_type("CloudWatch::Dashboard").items()
    assert properties["DashboardName"] == "aiops-control-plane"
    widgets = json.loads(resolved(properties["DashboardBody"]))
    titles = [widget["properties"]["title"] for widget in widgets["widgets"]]
    assert titles == [
        "Alarms",
        "Projects",
        "From event to repositories (ms)",
        "Failures by cause",
        "Events that wait for a person",
        "Errors of the steps",
        "Time of the functions (p99, ms)",
        "Seconds of a step that went well (p99)",
        "Changes made on GitHub",
        "Steps held back",
        "GitHub calls left this hour",
    ]
    text = json.dumps(widgets)
    for template in full.values():
        for function in template.of_type("Lambda::Function").values():
            assert f'"{function["FunctionName"]}"' in text
    for queue in full["aiops-control-plane"].of_type("SQS::Queue").values():
        assert f'"{queue["QueueName"]}"' in text
    for queue in full["aiops-approval"].of_type("SQS::Queue").values():
        assert f'"{queue["QueueName"]}"' in text


def test_the_dashboard_and_the_alarms_show_metrics_that_are_written(
    full: dict[str, Template],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With the very dimensions that the entry points write: others would show nothing."""
    template = full["aiops-control-plane"]
    written = written_metrics(template, monkeypatch, capsys)
    ((_, properties),) = template.of_type("CloudWatch::Dashboard").items()
    body = resolved(properties["DashboardBody"])
    searched = {
        (name, tuple(sorted(dimensions.split(","))))
        for dimensions, name in re.findall(r"SEARCH\('\{AIOps,([^}]+)\} MetricName=.+?(\w+)", body)
    }
    assert {name for name, _ in searched} == {"Failures", "Seconds", "GitHubChanges"}
    graphed = {
        (name, (dimension,))
        for name, dimension in re.findall(r'\["AIOps","(\w+)","(\w+)","aiops"', body)
    }
    assert {name for name, _ in graphed} == {"ProjectsSeeded", "GitHubCallsLeft"}
    watched = {
        (alarm["MetricName"], tuple(each["Name"] for each in alarm["Dimensions"]))
        for alarm in alarms(full).values()
        if alarm["Namespace"] == "AIOps"
    }
    assert searched | graphed | watched <= written


def written_metrics(
    template: Template, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> set[tuple[str, tuple[str, ...]]]:
    """Name and dimensions of what the entry points write, in a function's own environment."""
    _, function = template.only("Lambda::Function", FunctionName="aiops-seed-deploy")
    for name, value in function["Environment"]["Variables"].items():
        monkeypatch.setenv(name, value)

    class Context:
        aws_request_id = "1"

        def get_remaining_time_in_millis(self) -> int:
            return 60_000

    used = SimpleNamespace(changes=3, left=SimpleNamespace(remaining=4000))
    ports = SimpleNamespace(github=SimpleNamespace(used=lambda: used))
    ports.within = lambda seconds: ports

    def seeded(given: object, ports: object) -> dict[str, Any]:
        return {"state": "created", "role": "deploy"}

    def fail(given: object, ports: object) -> dict[str, Any]:
        raise ValueError("no")

    entry("seed_deploy", seeded, lambda: ports)({}, Context())  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match="no"):
        entry("seed_deploy", fail, lambda: ports)({}, Context())  # type: ignore[arg-type, return-value]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = set()
    for line in lines:
        for metrics in line.get("_aws", {}).get("CloudWatchMetrics", []):
            assert metrics["Namespace"] == "AIOps"
            (dimensions,) = metrics["Dimensions"]
            found |= {(each["Name"], tuple(sorted(dimensions))) for each in metrics["Metrics"]}
    return found


def test_the_identity_provider_is_made_once_in_each_account_or_found(
    full: dict[str, Template], minimal: dict[str, Template]
) -> None:
    # The shared-services account and those of the example's stages.
    accounts = [
        "222233334444",
        *(f"{n}" * 4 + f"{n + 1}" * 4 + f"{n + 2}" * 4 for n in range(3, 8)),
    ]
    accounts += ["888899990000", "999900001111"]
    accounts.remove("444455556666")  # has one already, says the example
    assert {name for name in full if "identity" in name} == {
        f"aiops-github-identity-{account}" for account in accounts
    }
    for name, template in full.items():
        if "identity" not in name:
            continue
        ((logical, provider),) = template.of_type("IAM::OIDCProvider").items()
        assert provider["Url"] == "https://token.actions.githubusercontent.com"
        assert provider["ClientIdList"] == ["sts.amazonaws.com"]
        assert template.content["Resources"][logical]["DeletionPolicy"] == "Retain"
    assert not [name for name in minimal if "identity" in name]


def test_stacks_carry_the_configured_tags(full: dict[str, Template]) -> None:
    for name in STACKS:
        for queue in full[f"aiops-{name}"].of_type("SQS::Queue").values():
            assert {"Key": "CostCenter", "Value": "ml-platform"} in queue["Tags"]
