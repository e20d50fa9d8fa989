"""Each thing that can be wrong is broken alone; the doctor names it and says what to do."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from documentation import aws_commands

from generator.doctor.findings import Status
from tests.doctor.aws_accounts import Answer, Refused, policy
from tests.doctor.world import (
    DOMAIN,
    PAGER_ARN,
    TOKEN,
    TOKEN_ARN,
    TOPIC,
    TRAIL,
    World,
)

NOW = datetime.now(UTC)
MACHINE = "arn:aws:states:eu-west-1:222233334444:stateMachine:aiops-seed-project"
OK, WARNING, PROBLEM = Status.OK, Status.WARNING, Status.PROBLEM


@dataclass(frozen=True)
class Case:
    """What is broken, and what must be found. `advice` is part of what to do."""

    name: str
    break_it: Callable[[World], None]
    area: str
    check: str
    status: Status
    found: str
    advice: str


def answers(operation: str, answer: Answer) -> Callable[[World], None]:
    return lambda outside: outside.aws.answers.update({operation: answer})


def changed(operation: str, **members: Any) -> Callable[[World], None]:
    """The healthy answer with some members changed."""

    def break_it(outside: World) -> None:
        healthy: Any = outside.aws.answers[operation]

        def answer(asked: dict[str, Any]) -> dict[str, Any]:
            return {**(healthy(asked) if callable(healthy) else healthy), **members}

        outside.aws.answers[operation] = answer

    return break_it


def configured(old: str, new: str) -> Callable[[World], None]:
    return lambda outside: outside.configure(old, new)


def plan(name: str) -> Callable[[World], None]:
    return lambda outside: setattr(outside.github.account("acme-ml"), "plan", name)


def ending_in(days: int) -> Callable[[World], None]:
    def break_it(outside: World) -> None:
        outside.github.tokens[TOKEN].expires_at = (NOW + timedelta(days=days)).timestamp()

    return break_it


def both(*steps: Callable[[World], None]) -> Callable[[World], None]:
    def break_it(outside: World) -> None:
        for step in steps:
            step(outside)

    return break_it


ABSENT = Refused("ResourceNotFoundException")
GITHUB, ACCOUNTS, DOMAINS = "GitHub", "AWS accounts", "Domain"
GOVERNING, PLANE = "Governance account", "Control plane"

CASES = [
    Case("an unknown template", configured('= "regression"', '= "regresion"'), "Configuration",
         "templates", PROBLEM, "profiles", "correct this line"),
    Case("an unusable value", configured('auth = "token"', 'auth = "tokens"'), "Configuration",
         "file", PROBLEM, "github.auth = 'tokens'", "aiops config check"),
    Case("no bootstrap", answers("ssm:GetParameter", Refused("ParameterNotFound")), ACCOUNTS,
         "CDK bootstrap", PROBLEM, "aws://222233334444/eu-west-1 is not bootstrapped",
         "cdk bootstrap aws://222233334444/eu-west-1"),
    Case("an old bootstrap", answers("ssm:GetParameter", {"Parameter": {"Value": "5"}}), ACCOUNTS,
         "CDK bootstrap", PROBLEM, "is old", "cdk bootstrap"),
    Case("no provider", answers("iam:GetOpenIDConnectProvider", Refused("NoSuchEntity")), ACCOUNTS,
         "GitHub's provider", PROBLEM, "444455556666 has no OpenID Connect provider",
         "aiops-github-identity-444455556666"),
    Case("a provider for others", answers("iam:GetOpenIDConnectProvider", {"ClientIDList": ["x"]}),
         ACCOUNTS, "GitHub's provider", PROBLEM, "does not take tokens for sts.amazonaws.com",
         "aws iam add-client-id-to-open-id-connect-provider"),
    Case("no token secret", lambda w: w.secrets.pop(TOKEN_ARN) and None, GITHUB,
         "secret of the token", PROBLEM, f"there is no secret {TOKEN_ARN}",
         "aws secretsmanager create-secret --name aiops/github "),
    Case("a secret that is no JSON", lambda w: w.secrets.update({TOKEN_ARN: "hunter2"}), GITHUB,
         "secret of the token", PROBLEM, "no JSON object", "put-secret-value"),
    Case("another kind of secret", configured('auth = "token"', 'auth = "app"'), GITHUB,
         "secret of the token", PROBLEM, 'github.auth = "app", but', 'write github.auth = "token"'),
    Case("a revoked token", lambda w: w.github.tokens.clear(), GITHUB, "token", PROBLEM,
         "does not take the token", "store a valid one"),
    Case("a token that ends soon", ending_in(days=9), GITHUB, "token", WARNING, " only",
         "Regenerate token"),
    Case("a token that ends in a while", ending_in(days=90), GITHUB, "token", OK,
         f"until {NOW + timedelta(days=90):%Y-%m-%d}", ""),
    Case("few calls left", lambda w: setattr(w.github, "limit", 100), GITHUB, "calls left",
         WARNING, "of 100 calls are left", "wait"),
    Case("no such organization",
         both(configured('"@acme-ml/governance", ', ""),
              configured('organization = "acme-ml"', 'organization = "acme-mi"')),
         GITHUB, "owner", PROBLEM,
         "no organization acme-mi", "correct github.organization"),
    Case("a plan without reviewers", plan("team"), GITHUB, "plan", WARNING,
         "'team' has no required reviewers", "GitHub Enterprise"),
    Case("a plan without rulesets", plan("free"), GITHUB, "plan", WARNING,
         "'free' has no rulesets", "protect_default_branch = false"),
    Case("a plan without internal repositories",
         both(plan("team"), configured('auth =', 'visibility = "internal"\nauth =')),
         GITHUB, "plan", PROBLEM, "no internal repositories", 'visibility = "private"'),
    Case("a missing team", configured("acme-ml/governance", "acme-ml/governence"), GITHUB,
         "reviewers", PROBLEM, "no team 'governence'", "correct github.reviewers.prod"),
    Case("a missing person", configured("@octocat", "@octocta"), GITHUB, "reviewers", PROBLEM,
         "no user 'octocta'", "correct github.reviewers.prod"),
    Case("a missing secret", lambda w: w.secrets.pop(PAGER_ARN) and None, GITHUB, "secrets",
         PROBLEM, f"PAGER_WEBHOOK: there is no secret {PAGER_ARN}", "remove github.secrets"),
    Case("an empty secret", answers(
            "secretsmanager:GetSecretValue",
            lambda asked: {"SecretBinary": b"x"}), GITHUB, "secrets", PROBLEM,
         "is binary or empty", "store its text"),
    Case("a secret with a key of one's own", answers("secretsmanager:DescribeSecret",
            {"KmsKeyId": "arn:aws:kms:eu-west-1:222233334444:key/1a2b"}), GITHUB,
         "keys of secrets", PROBLEM, "key/1a2b, which the functions may not use",
         "github.secret_keys"),
    Case("a key of one's own that is listed",
         both(answers("secretsmanager:DescribeSecret", {"KmsKeyId": "1a2b"}),
              configured("auth =",
                  'secret_keys = ["arn:aws:kms:eu-west-1:222233334444:key/1a2b"]\nauth =')),
         GITHUB, "keys of secrets", OK, "which the functions may use", ""),
    Case("a small account that shares", both(
            configured("[profiles]", "[functions]\nreserve_concurrency = false\n[profiles]"),
            answers("lambda:GetAccountSettings", {"AccountLimit":
                {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}})), PLANE,
         "concurrency", WARNING, "share them with all others", "request-service-quota-increase"),
    Case("no such domain", answers("datazone:GetDomain", ABSENT), DOMAINS, "domains", PROBLEM,
         f"has no domain {DOMAIN}", "aws datazone list-domains"),
    Case("no domain at all",
         both(configured(f'domains = ["{DOMAIN}"]', 'organization_id = "o-a1b2c3d4e5"'),
              answers("datazone:ListDomains", {"items": []})),
         DOMAINS, "domains", PROBLEM, "has no domain", "create one"),
    Case("a domain that failed", changed("datazone:GetDomain", status="CREATION_FAILED"), DOMAINS,
         "domains", PROBLEM, "CREATION_FAILED", "repair it"),
    Case("a profile that nobody made", configured('"Regression" =', '"Regressions" ='), DOMAINS,
         "project profiles", PROBLEM, "no domain has the project profile 'Regressions'",
         "did you mean 'regression'?"),
    Case("no profile for any template",
         both(configured('[profiles]\n"Regression" = "regression"', ""),
              answers("datazone:ListProjectProfiles", {"items": []})),
         DOMAINS, "project profiles", PROBLEM, "no template answers", "[profiles]"),
    Case("a role that is no user", answers("datazone:GetUserProfile", ABSENT), DOMAINS, "users",
         PROBLEM, f"aiops-describe is no user of the domain {DOMAIN}",
         "aws datazone create-user-profile"),
    Case("a user without access", changed("datazone:GetUserProfile", status="DEACTIVATED"),
         DOMAINS, "users", PROBLEM, "is no user", "--user-type IAM_ROLE"),
    Case("no trail", answers("cloudtrail:DescribeTrails", {"trailList": []}), GOVERNING,
         "CloudTrail trail", PROBLEM, "there is none", "aws cloudtrail create-trail"),
    Case("a stopped trail", answers("cloudtrail:GetTrailStatus", {"IsLogging": False}), GOVERNING,
         "CloudTrail trail", PROBLEM, f"{TRAIL} is stopped", "create one"),
    Case("a trail of another region", answers("cloudtrail:DescribeTrails", {"trailList": [
            {"TrailARN": TRAIL, "IsMultiRegionTrail": False, "HomeRegion": "us-east-1"}]}),
         GOVERNING, "CloudTrail trail", PROBLEM, "covers us-east-1 only", "--is-multi-region"),
    Case("a trail that only reads", answers("cloudtrail:GetEventSelectors", {"EventSelectors": [
            {"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}]}),
         GOVERNING, "CloudTrail trail", PROBLEM, "leaves out management events", "create one"),
    Case("a trail of data only", answers("cloudtrail:GetEventSelectors", {
            "AdvancedEventSelectors": [
                {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]}),
         GOVERNING, "CloudTrail trail", PROBLEM, "leaves out management events", "create one"),
    Case("a trail that cannot deliver", answers("cloudtrail:GetTrailStatus",
            {"IsLogging": True, "LatestDeliveryError": "AccessDenied"}), GOVERNING,
         "CloudTrail trail", WARNING, "cannot deliver its files", "the trail's bucket"),
    Case("no forwarding rule", answers("events:DescribeRule", ABSENT), GOVERNING, "event rule",
         PROBLEM, "there is no rule aiops-forward-projects in 111122223333", "make deploy"),
    Case("a disabled rule", changed("events:DescribeRule", State="DISABLED"), GOVERNING,
         "event rule", PROBLEM, "is disabled",
         "aws events enable-rule --name aiops-forward-projects"),
    Case("a rule that leads elsewhere", answers("events:ListTargetsByRule",
            {"Targets": [{"Id": "x", "Arn": "arn:aws:sqs:eu-west-1:1:x"}]}), GOVERNING,
         "event rule", PROBLEM, "leads to arn:aws:sqs:eu-west-1:1:x, not to", "make deploy"),
    Case("a rule for other domains", configured(DOMAIN, "dzd_another"), GOVERNING, "event rule",
         PROBLEM, "matches other events", "make deploy"),
    Case("a rule of an older configuration", changed("events:DescribeRule", EventPattern="{}"),
         GOVERNING, "event rule", PROBLEM, "matches other events", "make deploy"),
    Case("a rule that fails", answers("cloudwatch:GetMetricStatistics",
            {"Datapoints": [{"Sum": 2.0}, {"Sum": 1.0}]}), GOVERNING, "event rule", PROBLEM,
         "could not reach its target 3 times", "aiops-forward-projects-undelivered"),
    Case("undelivered events", answers("sqs:GetQueueAttributes",
            {"Attributes": {"ApproximateNumberOfMessages": "2"}}), GOVERNING,
         "undelivered events", PROBLEM, "2 events wait in aiops-forward-projects-undelivered",
         "aws sqs receive-message"),
    Case("no bus", answers("events:DescribeEventBus", ABSENT), PLANE, "event bus", PROBLEM,
         "there is no event bus aiops-projects", "make deploy"),
    Case("a bus for others", answers("events:DescribeEventBus", {"Policy": policy(
            {"Effect": "Allow", "Action": "events:PutEvents",
             "Principal": {"AWS": "arn:aws:iam::999900001111:root"}})}), PLANE, "event bus",
         PROBLEM, "takes no events of account 111122223333", "make deploy"),
    Case("a bus that the organization may not use",
         configured("domains =", 'organization_id = "o-a1b2c3d4e5"\ndomains ='), PLANE,
         "event bus", PROBLEM, "takes no events of organization o-a1b2c3d4e5", "make deploy"),
    Case("no state machine", answers("stepfunctions:DescribeStateMachine",
            Refused("StateMachineDoesNotExist")), PLANE, "state machines", PROBLEM,
         "there is no state machine aiops-seed-project", "make deploy"),
    Case("no function", answers("lambda:GetFunctionConfiguration", ABSENT), PLANE, "functions",
         PROBLEM, "there is no function aiops-describe", "make deploy"),
    Case("a function that failed", changed("lambda:GetFunctionConfiguration", State="Failed",
            StateReason="no such key"), PLANE, "functions", PROBLEM, "Failed", "make deploy"),
    Case("functions of two versions", lambda w: w.aws.answers.update(
            {"lambda:GetFunctionConfiguration": lambda asked: {
                "CodeSha256": asked["FunctionName"], "Role": "arn:aws:iam::1:role/x"}}),
         PLANE, "functions", PROBLEM, "different versions", "make deploy"),
    Case("a new account's quota", answers("lambda:GetAccountSettings", {"AccountLimit":
            {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}}), PLANE,
         "concurrency", PROBLEM, "10 of 10 concurrent executions",
         "request-service-quota-increase"),
    Case("no room for others", answers("lambda:GetAccountSettings", {"AccountLimit":
            {"ConcurrentExecutions": 200, "UnreservedConcurrentExecutions": 100}}), PLANE,
         "concurrency", WARNING, "no other function", "request-service-quota-increase"),
    Case("no topic", answers("sns:ListSubscriptionsByTopic", Refused("NotFound")), PLANE,
         "notifications", PROBLEM, f"there is no topic {TOPIC}", "make deploy"),
    Case("nobody listens", answers("sns:ListSubscriptionsByTopic", {"Subscriptions": []}), PLANE,
         "notifications", PROBLEM, "nobody hears of failures", "aws sns subscribe"),
    Case("an address that has not confirmed", answers("sns:ListSubscriptionsByTopic",
            {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation",
                                "Endpoint": "ml-platform@example.com"}]}), PLANE,
         "notifications", WARNING, "has not confirmed", "follow the link"),
    Case("an address that was forgotten", configured("ml-platform@", "other@"), PLANE,
         "notifications", WARNING, "other@example.com is not subscribed", "make deploy"),
    Case("an alarm", answers("cloudwatch:DescribeAlarms", {"MetricAlarms": [
            {"AlarmName": "aiops-executions-failed", "AlarmDescription": "redrive it"}]}), PLANE,
         "alarms", PROBLEM, "the alarm aiops-executions-failed is on", "redrive it"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_named_with_what_to_do(outside: World, case: Case) -> None:
    case.break_it(outside)
    outside.look()
    found = outside.of(case.area, case.check)
    fitting = [
        one.found
        for one in found
        if one.found.status is case.status and case.found in one.found.what
    ]
    assert fitting, [str(one.found) for one in found]
    advice = fitting[0].advice or ""
    assert case.advice in advice
    for command in aws_commands.commands_in(advice):
        assert aws_commands.problems(shlex.split(command), whole=False) == [], command


def test_every_check_of_something_that_can_be_wrong_has_a_case() -> None:
    from generator.doctor.checks.all import CHECKS

    elsewhere = {
        (ACCOUNTS, "credentials"),
        (GITHUB, "permissions"),
        (GITHUB, "repositories"),
        (PLANE, "failed projects"),
        (PLANE, "event rules"),  # the same code as of the governance account's rule
        (PLANE, "undelivered events"),  # of its queue
        (GOVERNING, "notifications"),  # of the topic of the control plane
        (GOVERNING, "alarms"),  # of its alarms
    }
    assert {(one.area, one.check) for one in CASES} | elsewhere == {
        (check.area, check.name) for check in CHECKS
    } | {("Configuration", "file")}


def execution(number: int, status: str, days_ago: float) -> dict[str, Any]:
    return {
        "executionArn": f"{MACHINE.replace('stateMachine', 'execution')}:{number}",
        "stateMachineArn": MACHINE,
        "name": str(number),
        "status": status,
        "startDate": NOW - timedelta(days=days_ago),
    }


@pytest.mark.parametrize(
    ("failed_days", "succeeded_days", "warned"),
    [(2, None, True), (2, 1, False), (2, 3, True), (20, None, False)],
)
def test_a_failed_project_is_named_until_it_was_completed(
    outside: World, failed_days: float, succeeded_days: float | None, warned: bool
) -> None:
    there = {"FAILED": [execution(1, "FAILED", failed_days)]}
    if succeeded_days is not None:
        there["SUCCEEDED"] = [execution(2, "SUCCEEDED", succeeded_days)]

    def described(asked: dict[str, Any]) -> dict[str, Any]:
        known = [one for some in there.values() for one in some]
        (one,) = [each for each in known if each["executionArn"] == asked["executionArn"]]
        given = '{"detail": {"responseElements": {"id": "c1d2e3f4g5h6i7"}}}'
        why = {"error": "RepositoryForeign", "cause": '{"errorMessage": "it is not ours"}'}
        return {**one, "input": given, **(why if one["status"] == "FAILED" else {})}

    outside.aws.answers["stepfunctions:ListExecutions"] = lambda asked: {
        "executions": there.get(asked["statusFilter"], [])
    }
    outside.aws.answers["stepfunctions:DescribeExecution"] = described
    outside.look()
    (found,) = outside.of(PLANE, "failed projects")
    assert found.found.status is (WARNING if warned else OK)
    if warned:
        assert "project c1d2e3f4g5h6i7" in found.found.what
        assert "RepositoryForeign: it is not ours" in found.found.what
        assert "redrive-execution --execution-arn arn:aws:states" in (found.found.advice or "")
