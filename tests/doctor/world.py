"""An organization in which all is well, for each test to break one thing of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from generator.config.model import Config
from generator.doctor.accounts import Accounts
from generator.doctor.examination import Examination
from generator.doctor.examine import examine
from generator.doctor.findings import Finding
from generator.infrastructure.event_patterns import (
    CREATE,
    DELETE,
    model_changes,
    project_events,
)
from generator.infrastructure.names import (
    FAILURE_MACHINE,
    SEEDING_MACHINE,
    names_of,
)
from generator.infrastructure.state_machine import failure_events
from generator.standins.github import GitHubStandIn
from generator.standins.github.access import EVERYTHING
from tests.control.world import QuickClock
from tests.doctor.aws_accounts import AwsAccounts, Document, Refused, policy

GOVERNANCE, SHARED, TEST, PROD = "111122223333", "222233334444", "444455556666", "555566667777"
DOMAIN = "dzd_4q7x2m9k1b3c5d"
CANARY = "canary-5d1c7e-never-to-be-seen"
TOKEN = f"github_pat_{CANARY}"
TOKEN_ARN = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:aiops/github-a1b2c3"
PAGER_ARN = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:aiops/pager-d4e5f6"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{GOVERNANCE}:trail/management-events"
TOPIC = f"arn:aws:sns:eu-west-1:{SHARED}:aiops-notifications"

CONFIGURATION = f"""
[governance]
account = "{GOVERNANCE}"
region = "eu-west-1"
domains = ["{DOMAIN}"]

[shared_services]
account = "{SHARED}"
region = "eu-west-1"

[github]
organization = "acme-ml"
auth = "token"
token_secret = "{TOKEN_ARN}"
api_url = "GITHUB"
git_url = "GITHUB"

[github.reviewers]
prod = ["@acme-ml/governance", "@octocat"]

[github.secrets]
PAGER_WEBHOOK = "{PAGER_ARN}"

[profiles]
"Regression" = "regression"

[tenants.default]
test = {{ account = "{TEST}", region = "eu-west-1" }}
prod = {{ account = "{PROD}", region = "eu-west-1" }}

[notifications]
emails = ["ml-platform@example.com"]
"""


@dataclass
class World:
    """The stand-ins and the file; `findings` are those of the last look."""

    file: Path
    github: GitHubStandIn
    aws: AwsAccounts
    secrets: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def configure(self, old: str, new: str) -> None:
        """Change the text of the configuration."""
        text = self.file.read_text()
        assert old in text, old
        self.file.write_text(text.replace(old, new))

    def look(self) -> list[Finding]:
        """Let the doctor look, as a new process does."""

        def begin(config: Config) -> Examination:
            profiles = [name for name in self.aws.credentials if name]
            accounts = Accounts(profiles, "eu-west-1", self.aws.make_client)
            return Examination(self.file, config, accounts, QuickClock())  # type: ignore[arg-type]

        self.findings = list(examine(self.file, begin))
        return self.findings

    def of(self, area: str, check: str) -> list[Finding]:
        """What the last look found of one check."""
        return [one for one in self.findings if (one.area, one.check) == (area, check)]


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Let all be well; afterwards check that nobody was misused and nothing was given away."""
    with GitHubStandIn(folder / "github") as github:
        github.add_account("acme-ml", "Organization")
        github.add_account("octocat", "User")
        github.add_team("acme-ml", "governance")
        seeing = {**EVERYTHING, "organization_plan": "read"}
        github.add_token(TOKEN, "octocat", {"acme-ml", "octocat"}, seeing)
        file = folder / "aiops.toml"
        file.write_text(CONFIGURATION.replace("GITHUB", github.url))
        outside = World(file, github, AwsAccounts())
        outside.secrets |= {TOKEN_ARN: json.dumps({"token": TOKEN}), PAGER_ARN: f"pager-{CANARY}"}
        outside.aws.credentials = {
            None: SHARED,
            "governance": GOVERNANCE,
            "test": TEST,
            "prod": PROD,
        }
        outside.aws.answers.update(healthy(outside))
        yield outside
        assert github.failures == []
        assert github.complaints == []
        assert github.journal.changing() == [], "the doctor changes nothing"
        assert github.traces(TOKEN) == []
        assert CANARY not in "".join(map(str, outside.findings))


def healthy(outside: World) -> dict[str, Any]:
    """What every operation answers when all is well."""
    from generator.config import load

    config = load(outside.file)
    names = names_of(config)
    seeding = names.state_machine_arn(SEEDING_MACHINE)
    rules: dict[str, tuple[Document, str]] = {
        "aiops-forward-projects": (project_events(config, CREATE, DELETE), names.bus_arn),
        "aiops-project-created": (project_events(config, CREATE), seeding),
        "aiops-project-deleted": (
            project_events(config, DELETE),
            names.function_arn("deletion"),
        ),
        "aiops-model-changed": (model_changes(), names.function_arn("approval")),
        "aiops-project-failed": (
            failure_events(seeding),
            names.state_machine_arn(FAILURE_MACHINE),
        ),
    }

    def secret(asked: Document) -> Document | Refused:
        text = outside.secrets.get(asked["SecretId"])
        return {"SecretString": text} if text else Refused("ResourceNotFoundException")

    def queue(asked: Document) -> Document:
        return {"QueueUrl": f"https://sqs/{asked['QueueName']}"}

    def targets(asked: Document) -> Document:
        arn = rules[asked["Rule"]][1]
        return {
            "Targets": [{"Id": "target", "Arn": arn, "DeadLetterConfig": {"Arn": "arn:aws:sqs:q"}}]
        }

    def rule(asked: Document) -> Document:
        name = asked["Name"]
        return {"Name": name, "State": "ENABLED", "EventPattern": json.dumps(rules[name][0])}

    def function(asked: Document) -> Document:
        name = asked["FunctionName"]
        return {
            "FunctionName": name,
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "CodeSha256": "abc",
            "Role": f"arn:aws:iam::{SHARED}:role/{name}",
        }

    def provider(asked: Document) -> Document:
        return {"Url": asked["OpenIDConnectProviderArn"], "ClientIDList": ["sts.amazonaws.com"]}

    return {
        "cloudtrail:DescribeTrails": {
            "trailList": [
                {"TrailARN": TRAIL, "IsMultiRegionTrail": True, "HomeRegion": "us-east-1"}
            ]
        },
        "cloudtrail:GetTrailStatus": {"IsLogging": True},
        "cloudtrail:GetEventSelectors": {
            "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]
        },
        "events:DescribeRule": rule,
        "events:ListTargetsByRule": targets,
        "events:DescribeEventBus": {
            "Policy": policy(
                {
                    "Effect": "Allow",
                    "Action": "events:PutEvents",
                    "Principal": {"AWS": f"arn:aws:iam::{GOVERNANCE}:root"},
                }
            )
        },
        "cloudwatch:GetMetricStatistics": {"Datapoints": [{"Sum": 0.0}]},
        "cloudwatch:DescribeAlarms": {"MetricAlarms": []},
        "sqs:GetQueueUrl": queue,
        "sqs:GetQueueAttributes": {"Attributes": {"ApproximateNumberOfMessages": "0"}},
        "stepfunctions:DescribeStateMachine": lambda asked: {
            "stateMachineArn": asked["stateMachineArn"],
            "name": "machine",
            "status": "ACTIVE",
            "definition": "{}",
            "roleArn": "arn:aws:iam::222233334444:role/machine",
            "type": "STANDARD",
            "creationDate": datetime(2026, 11, 1, tzinfo=UTC),
            "loggingConfiguration": {"level": "ALL"},
        },
        "stepfunctions:ListExecutions": {"executions": []},
        "lambda:GetFunctionConfiguration": function,
        "lambda:GetAccountSettings": {
            "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 976}
        },
        "sns:ListSubscriptionsByTopic": {
            "Subscriptions": [
                {
                    "SubscriptionArn": f"{TOPIC}:1",
                    "Endpoint": "ml-platform@example.com",
                    "Protocol": "email",
                }
            ]
        },
        "iam:GetOpenIDConnectProvider": provider,
        "ssm:GetParameter": {"Parameter": {"Value": "21"}},
        "secretsmanager:DescribeSecret": {"Name": "aiops/github"},
        "secretsmanager:GetSecretValue": secret,
        "datazone:GetDomain": {
            "id": DOMAIN,
            "status": "AVAILABLE",
            "domainExecutionRole": "arn:aws:iam::111122223333:role/domain",
            "name": "acme",
        },
        "datazone:ListProjectProfiles": {
            "items": [
                {
                    "createdBy": "SYSTEM",
                    "domainId": DOMAIN,
                    "id": "p1",
                    "name": "regression",
                    "status": "ENABLED",
                }
            ]
        },
        "datazone:GetUserProfile": {"domainId": DOMAIN, "status": "ACTIVATED", "type": "IAM"},
    }
