"""Which events go where, and what becomes of one that cannot be delivered or handled."""

from __future__ import annotations

from typing import Any

import pytest

from infrastructure.templates import Template, statements

pytestmark = pytest.mark.xdist_group("infrastructure")

DAY = 24 * 60 * 60
GOVERNANCE, SHARED = "111122223333", "222233334444"
BUS = f"arn:aws:events:eu-west-1:{SHARED}:event-bus/aiops-projects"
MACHINE = f"arn:aws:states:eu-west-1:{SHARED}:stateMachine:aiops-seed-project"


def rule(template: Template, name: str) -> dict[str, Any]:
    return template.only("Events::Rule", Name=name)[1]


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Whether EventBridge would match: the operators that the rules use."""
    for key, wanted in pattern.items():
        have = event.get(key)
        if isinstance(wanted, dict):
            if not matches(wanted, have if isinstance(have, dict) else {}):
                return False
        elif not any(one(each, key in event and have is not None, have) for each in wanted):
            return False
    return True


def one(wanted: Any, present: bool, have: Any) -> bool:
    if isinstance(wanted, dict):
        ((operator, value),) = wanted.items()
        if operator == "exists":
            return present is value
        assert operator == "prefix", operator
        return isinstance(have, str) and have.startswith(value)
    return bool(wanted == have)


def project_event(name: str = "CreateProject", **detail: Any) -> dict[str, Any]:
    return {
        "source": "aws.datazone",
        "detail-type": "AWS API Call via CloudTrail",
        "account": GOVERNANCE,
        "detail": {
            "eventSource": "datazone.amazonaws.com",
            "eventName": name,
            "requestParameters": {"domainIdentifier": "dzd_4q7x2m9k1b3c5d"},
            **detail,
        },
    }


OTHER_DOMAIN = {"requestParameters": {"domainIdentifier": "dzd_other"}}


@pytest.mark.parametrize(
    ("stack", "name", "acted_on"),
    [
        ("aiops-governance", "aiops-forward-projects", {"CreateProject", "DeleteProject"}),
        ("aiops-control-plane", "aiops-project-created", {"CreateProject"}),
        ("aiops-control-plane", "aiops-project-deleted", {"DeleteProject"}),
    ],
)
def test_only_successful_calls_in_our_domains_match(
    full: dict[str, Template], stack: str, name: str, acted_on: set[str]
) -> None:
    pattern = rule(full[stack], name)["EventPattern"]
    for call in ("CreateProject", "DeleteProject", "UpdateProject"):
        assert matches(pattern, project_event(call)) == (call in acted_on)
        assert not matches(pattern, project_event(call, errorCode="AccessDenied"))
        assert not matches(pattern, project_event(call, **OTHER_DOMAIN))
        assert not matches(pattern, project_event(call, eventSource="sagemaker.amazonaws.com"))
        assert not matches(pattern, project_event(call) | {"source": "custom"})


def test_without_an_organization_only_the_governance_account_counts(
    minimal: dict[str, Template],
) -> None:
    pattern = rule(minimal["factory-control-plane"], "factory-project-created")["EventPattern"]
    assert pattern["account"] == [SHARED]
    assert not matches(pattern, project_event() | {"account": "999900001111"})
    assert matches(pattern, project_event() | {"account": SHARED})


def test_every_change_of_a_model_in_our_groups_is_looked_at(full: dict[str, Template]) -> None:
    pattern = rule(full["aiops-approval"], "aiops-model-changed")["EventPattern"]

    def change(group: str, status: str) -> dict[str, Any]:
        detail = {"ModelPackageGroupName": group, "ModelApprovalStatus": status}
        kind = "SageMaker Model Package State Change"
        return {"source": "aws.sagemaker", "detail-type": kind, "detail": detail}

    # After a rejection the next approval is news: the function must hear of both.
    assert matches(pattern, change("aiops-p1-models", "Approved"))
    assert matches(pattern, change("aiops-p1-models", "Rejected"))
    assert not matches(pattern, change("churn-models", "Approved"))


def test_executions_that_end_badly_are_told_of_and_no_others(full: dict[str, Template]) -> None:
    pattern = rule(full["aiops-control-plane"], "aiops-project-failed")["EventPattern"]

    def end(status: str, machine: str = MACHINE) -> dict[str, Any]:
        detail = {"stateMachineArn": machine, "status": status}
        kind = "Step Functions Execution Status Change"
        return {"source": "aws.states", "detail-type": kind, "detail": detail}

    for status in ("FAILED", "TIMED_OUT", "ABORTED"):
        assert matches(pattern, end(status))
        assert not matches(pattern, end(status, f"{MACHINE}-of-another")), "or the one that tells"
    for status in ("RUNNING", "SUCCEEDED", "PENDING_REDRIVE"):
        assert not matches(pattern, end(status))


def test_rules_send_to_their_target_with_a_role_that_can_do_nothing_else(
    full: dict[str, Template],
) -> None:
    for stack, name, target, action, arn in (
        (
            "aiops-governance",
            "aiops-forward-projects",
            BUS,
            "events:PutEvents",
            f"arn:aws:events:eu-west-1:{GOVERNANCE}:rule/aiops-forward-projects",
        ),
        (
            "aiops-control-plane",
            "aiops-project-created",
            MACHINE,
            "states:StartExecution",
            f"arn:aws:events:eu-west-1:{SHARED}:rule/aiops-projects/aiops-project-created",
        ),
        (
            "aiops-control-plane",
            "aiops-project-failed",
            f"arn:aws:states:eu-west-1:{SHARED}:stateMachine:aiops-tell-failure",
            "states:StartExecution",
            f"arn:aws:events:eu-west-1:{SHARED}:rule/aiops-project-failed",
        ),
    ):
        template = full[stack]
        (sent,) = rule(template, name)["Targets"]
        assert sent["Arn"] == target
        role = sent["RoleArn"]["Fn::GetAtt"][0]
        found = [each for each in template.role_statements() if each.owner == role]
        assert [(each.actions, each.resources) for each in found] == [([action], [target])]
        (trust,) = template.of_type("IAM::Role")[role]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "events.amazonaws.com"}
        assert trust["Condition"]["ArnEquals"] == {"aws:SourceArn": arn}
        assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": arn.split(":")[4]}


def test_every_target_has_retries_and_a_queue_that_only_its_rule_may_write_to(
    stacks: dict[str, Template],
) -> None:
    checked = 0
    for template in stacks.values():
        for properties in template.of_type("Events::Rule").values():
            assert properties["State"] == "ENABLED"
            (target,) = properties["Targets"]
            assert target["RetryPolicy"] == {
                "MaximumRetryAttempts": 185,
                "MaximumEventAgeInSeconds": DAY,
            }
            queue = target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]
            assert template.of_type("SQS::Queue")[queue]["SqsManagedSseEnabled"] is True
            assert template.of_type("SQS::Queue")[queue]["MessageRetentionPeriod"] == 14 * DAY
            _, policy = template.only("SQS::QueuePolicy", Queues=[{"Ref": queue}])
            denied, allowed = statements(queue, policy["PolicyDocument"])
            assert denied.content["Effect"] == "Deny"
            assert denied.content["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            assert allowed.actions == ["sqs:SendMessage"]
            assert allowed.content["Principal"] == {"Service": "events.amazonaws.com"}
            arn = allowed.content["Condition"]["ArnEquals"]["aws:SourceArn"]
            assert arn.endswith(f"/{properties['Name']}")
            assert ("EventBusName" in properties) == (arn.count("/") == 2)
            checked += 1
    assert checked == 5


def test_functions_that_events_call_admit_their_rule_and_keep_what_they_fail_at(
    full: dict[str, Template],
) -> None:
    for stack, function, name, place in (
        ("aiops-control-plane", "aiops-deletion", "aiops-project-deleted", "aiops-projects/"),
        ("aiops-approval", "aiops-approval", "aiops-model-changed", ""),
    ):
        template = full[stack]
        logical, _ = template.only("Lambda::Function", FunctionName=function)
        (target,) = rule(template, name)["Targets"]
        assert target["Arn"] == {"Fn::GetAtt": [logical, "Arn"]}
        _, permission = template.only("Lambda::Permission", FunctionName={"Ref": logical})
        assert permission == {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": logical},
            "Principal": "events.amazonaws.com",
            "SourceAccount": SHARED,
            "SourceArn": f"arn:aws:events:eu-west-1:{SHARED}:rule/{place}{name}",
        }
        _, handling = template.only("Lambda::EventInvokeConfig", FunctionName={"Ref": logical})
        assert handling["MaximumRetryAttempts"] == 2
        queue = target["DeadLetterConfig"]["Arn"]
        assert handling["DestinationConfig"] == {"OnFailure": {"Destination": queue}}
        assert template.actions_of(function)["sqs:SendMessage"] == [queue]


def test_nobody_else_may_call_a_function(stacks: dict[str, Template]) -> None:
    for template in stacks.values():
        callers = {
            each["FunctionName"]["Ref"] for each in template.of_type("Lambda::Permission").values()
        }
        names = {template.of_type("Lambda::Function")[each]["FunctionName"] for each in callers}
        assert {name.split("-", 1)[1] for name in names} <= {"approval", "deletion"}


def test_the_bus_admits_the_organization_or_the_one_account(
    full: dict[str, Template], minimal: dict[str, Template]
) -> None:
    ((_, policy),) = full["aiops-control-plane"].of_type("Events::EventBusPolicy").items()
    assert policy["Statement"] == {
        "Sid": policy["StatementId"],
        "Effect": "Allow",
        "Principal": "*",
        "Action": "events:PutEvents",
        "Resource": BUS,
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    }
    ((_, policy),) = minimal["factory-control-plane"].of_type("Events::EventBusPolicy").items()
    assert policy["Statement"]["Principal"] == {"AWS": f"arn:aws:iam::{SHARED}:root"}
    assert "Condition" not in policy["Statement"]
