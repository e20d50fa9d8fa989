"""The event bus that projects are announced on, and who else may send to it."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnResource
from aws_cdk import aws_events as events
from constructs import Construct

from generator.config.model import Config, Governance
from generator.infrastructure.names import names_of

_STATEMENT = "ProjectsAreAnnouncedFromGovernance"


class ProjectBus(Construct):
    """A bus of our own: the governance account, or its whole organization, may send to it."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config) -> None:
        super().__init__(scope, construct_id)
        names = names_of(config)
        self.bus = events.EventBus(
            self,
            "Bus",
            event_bus_name=names.bus,
            description="Projects that were created, deleted, and given their repositories",
        )
        # Not CfnEventBusPolicy, which warns of a property of its own that it reads.
        CfnResource(
            self,
            "Policy",
            type="AWS::Events::EventBusPolicy",
            properties={
                "EventBusName": self.bus.event_bus_name,
                "StatementId": _STATEMENT,
                "Statement": {
                    "Sid": _STATEMENT,
                    "Effect": "Allow",
                    "Action": "events:PutEvents",
                    "Resource": names.bus_arn,
                    **_senders(config.governance),
                },
            },
        )


def _senders(governance: Governance) -> dict[str, Any]:
    if governance.organization_id:
        condition = {"StringEquals": {"aws:PrincipalOrgID": governance.organization_id}}
        return {"Principal": "*", "Condition": condition}
    root = f"arn:{governance.partition}:iam::{governance.account}:root"
    return {"Principal": {"AWS": root}}
