"""A standard state machine with a full log and traces, and the role that it runs with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from generator.infrastructure.components.acknowledgements import acknowledge_wildcard
from generator.infrastructure.names import Names


@dataclass(frozen=True)
class Allowed:
    """Something that a state machine may do; sid: what for."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[str]

    def statement(self) -> iam.PolicyStatement:
        """Return it for a policy."""
        return iam.PolicyStatement(
            sid=self.sid, actions=list(self.actions), resources=list(self.resources)
        )


# What Step Functions asks for to deliver its log; it takes no narrower resource (its guide).
_LOG_DELIVERY = Allowed(
    "DeliverLog",
    (
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ),
    ["*"],
)
_TRACING = Allowed(
    "Trace",
    (
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ),
    ["*"],
)


class LoggedMachine(Construct):
    """The state machine `part` of the control plane; its role may do what is `allowed`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        part: str,
        purpose: str,
        definition: dict[str, Any],
        allowed: Sequence[Allowed],
    ) -> None:
        super().__init__(scope, construct_id)
        self.name, self.arn = names(part), names.state_machine_arn(part)
        log = logs.LogGroup(
            self,
            "Log",
            # Step Functions keeps the policy of such groups short by this prefix.
            log_group_name=f"/aws/vendedlogs/states/{self.name}",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = self._role(names, purpose, allowed)
        self.machine = stepfunctions.CfnStateMachine(
            self,
            "Machine",
            state_machine_name=self.name,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition_string=json.dumps(definition, indent=1),
            logging_configuration=stepfunctions.CfnStateMachine.LoggingConfigurationProperty(
                level="ALL",
                include_execution_data=True,
                destinations=[
                    stepfunctions.CfnStateMachine.LogDestinationProperty(
                        cloud_watch_logs_log_group=(
                            stepfunctions.CfnStateMachine.CloudWatchLogsLogGroupProperty(
                                log_group_arn=log.log_group_arn
                            )
                        )
                    )
                ],
            ),
            tracing_configuration=stepfunctions.CfnStateMachine.TracingConfigurationProperty(
                enabled=True
            ),
        )

    def _role(self, names: Names, purpose: str, allowed: Sequence[Allowed]) -> iam.Role:
        service = iam.ServicePrincipal("states.amazonaws.com")
        conditions = {
            "StringEquals": {"aws:SourceAccount": names.place.account},
            "ArnEquals": {"aws:SourceArn": self.arn},
        }
        statements = [each.statement() for each in (*allowed, _LOG_DELIVERY, _TRACING)]
        role = iam.Role(
            self,
            "Role",
            assumed_by=cast(iam.IPrincipal, iam.PrincipalWithConditions(service, conditions)),
            description=purpose,
            inline_policies={"Steps": iam.PolicyDocument(statements=statements)},
        )
        acknowledge_wildcard(
            role,
            "*",
            reason="Step Functions sets up the delivery of its log, and X-Ray takes traces, with"
            " actions that know no resources.",
        )
        return role
