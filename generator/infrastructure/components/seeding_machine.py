"""The state machine that takes a project to its repositories, and the role that it runs with."""

from __future__ import annotations

import json
from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from generator.config.model import Config
from generator.infrastructure.components.acknowledgements import acknowledge_wildcard
from generator.infrastructure.functions import SEEDING
from generator.infrastructure.names import names_of, topic_arn
from generator.infrastructure.state_machine import state_machine

# What Step Functions asks for to deliver its log; it takes no narrower resource (its guide).
_LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)
_TRACING = (
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)


class SeedingMachine(Construct):
    """A standard state machine with a full log and traces.

    topic_key_arn: the key of the topic, when it has one that the machine must use.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, config: Config, topic_key_arn: str | None
    ) -> None:
        super().__init__(scope, construct_id)
        names = names_of(config)
        self.name, self.arn = names.state_machine, names.state_machine_arn
        arns = {step.name: names.function_arn(step.name) for step in SEEDING}
        arns |= {"bus": names.bus_arn, "topic": topic_arn(config)}
        log = logs.LogGroup(
            self,
            "Log",
            # Step Functions keeps the policy of such groups short by this prefix.
            log_group_name=f"/aws/vendedlogs/states/{self.name}",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = self._role(config, arns, topic_key_arn)
        self.machine = stepfunctions.CfnStateMachine(
            self,
            "Machine",
            state_machine_name=self.name,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition_string=json.dumps(
                state_machine(arns, config.wait, partition=names.place.partition), indent=1
            ),
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

    def _role(self, config: Config, arns: dict[str, str], key_arn: str | None) -> iam.Role:
        names = names_of(config)
        statements = [
            _allow("RunSteps", ["lambda:InvokeFunction"], [arns[step.name] for step in SEEDING]),
            _allow("RecordSeededProjects", ["events:PutEvents"], [arns["bus"]]),
            _allow("Notify", ["sns:Publish"], [arns["topic"]]),
            _allow("DeliverLog", _LOG_DELIVERY, ["*"]),
            _allow("Trace", _TRACING, ["*"]),
        ]
        if key_arn:
            statements.append(
                _allow("EncryptNotifications", ["kms:Decrypt", "kms:GenerateDataKey"], [key_arn])
            )
        service = iam.ServicePrincipal("states.amazonaws.com")
        conditions = {
            "StringEquals": {"aws:SourceAccount": names.place.account},
            "ArnEquals": {"aws:SourceArn": self.arn},
        }
        role = iam.Role(
            self,
            "Role",
            assumed_by=cast(iam.IPrincipal, iam.PrincipalWithConditions(service, conditions)),
            description="Runs the steps from a project to its repositories",
            inline_policies={"Steps": iam.PolicyDocument(statements=statements)},
        )
        acknowledge_wildcard(
            role,
            "*",
            reason="Step Functions sets up the delivery of its log, and X-Ray takes traces, with"
            " actions that know no resources.",
        )
        return role


def _allow(
    sid: str, actions: tuple[str, ...] | list[str], resources: list[str]
) -> iam.PolicyStatement:
    return iam.PolicyStatement(sid=sid, actions=list(actions), resources=resources)
