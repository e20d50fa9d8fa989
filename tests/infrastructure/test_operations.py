"""Alarms, notifications, dashboard, identity provider: what people see and what may reach them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infrastructure.templates import Template, listed, resolved, statements

pytestmark = pytest.mark.xdist_group("infrastructure")

ACCOUNT = "222233334444"
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


def test_alarms_tell_the_topic_where_one_is_in_reach(
    full: dict[str, Template], minimal: dict[str, Template]
) -> None:
    for name, alarm in alarms(full).items():
        if name == "aiops-forward-projects-undelivered":  # in an account without a topic
            assert "AlarmActions" not in alarm
        else:
            topic = [f"arn:aws:sns:eu-west-1:{ACCOUNT}:ml-platform"]
            assert alarm["AlarmActions"] == alarm["OKActions"] == topic
    for name, alarm in alarms(minimal).items():
        assert alarm["AlarmActions"] == alarm["OKActions"], name
        assert len(alarm["AlarmActions"]) == 1


def test_a_topic_of_ours_is_encrypted_and_lets_our_alarms_in(minimal: dict[str, Template]) -> None:
    template = minimal["factory-control-plane"]
    ((topic, properties),) = template.of_type("SNS::Topic").items()
    ((key, encryption),) = template.of_type("KMS::Key").items()
    assert properties["TopicName"] == "factory-notifications"
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
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:factory-*"},
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
        assert [(each["Protocol"], each["Endpoint"]) for each in readers] == [
            ("email", "ml-platform@example.com")
        ]
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
        "Time of the steps (p99, ms)",
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
