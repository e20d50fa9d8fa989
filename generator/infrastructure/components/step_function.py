"""A Lambda function that runs one step: its log, its role, its share of the concurrency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from generator.infrastructure.components.acknowledgements import (
    acknowledge,
    acknowledge_wildcard,
)
from generator.infrastructure.functions import FunctionSpec
from generator.infrastructure.names import Names
from generator.infrastructure.packaging.contents import CONFIG_NAME
from generator.infrastructure.packaging.platforms import Architecture

# As the entry points name them; metrics carry the service as a dimension.
METRICS_NAMESPACE, SERVICE = "AIOps", "aiops"
RUNTIME = lambda_.Runtime.PYTHON_3_13
# Nothing secret: the names of secrets are in the configuration, their values nowhere.
_ENVIRONMENT = {
    "AIOPS_CONFIG": CONFIG_NAME,
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
    "POWERTOOLS_SERVICE_NAME": SERVICE,
}
_ARCHITECTURES = {
    Architecture.ARM64: lambda_.Architecture.ARM_64,
    Architecture.X86_64: lambda_.Architecture.X86_64,
}


@dataclass(frozen=True)
class Bundle:
    """The zip of the functions, and the processor that it was built for."""

    path: Path
    architecture: Architecture

    def code(self) -> lambda_.Code:
        """Return it for the functions of one stack: the CDK wants an object for each."""
        return lambda_.Code.from_asset(str(self.path))


class StepFunction(Construct):
    """The function of a step. Its role may write its own log and traces, and what is added."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        spec: FunctionSpec,
        names: Names,
        code: lambda_.Code,
        architecture: Architecture,
        reserve_concurrency: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        self.spec = spec
        self.name = names(spec.name)
        self._log = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/lambda/{self.name}",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=spec.purpose,
        )
        self.allow(
            "WriteOwnLog",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [self._log.log_group_arn],
        )
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=self.name,
            description=spec.purpose,
            runtime=RUNTIME,
            architecture=_ARCHITECTURES[architecture],
            code=code,
            handler=spec.handler,
            role=self.role,
            timeout=Duration.seconds(spec.timeout_seconds),
            memory_size=spec.memory_mb,
            reserved_concurrent_executions=spec.concurrency if reserve_concurrency else None,
            log_group=self._log,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            environment=_ENVIRONMENT,
        )
        acknowledge_wildcard(
            self.role,
            "*",
            reason="xray:PutTraceSegments and xray:PutTelemetryRecords know no resources; neither"
            " do the reading actions of DataZone, where membership of the domain decides.",
        )
        acknowledge(
            self.function,
            "AwsSolutions-L1",
            reason="The libraries are locked, compiled and tested for Python 3.13, which Lambda"
            " supports until 2029.",
        )

    def allow(
        self,
        sid: str,
        actions: Sequence[str],
        resources: Sequence[str],
        conditions: Mapping[str, Mapping[str, str | list[str]]] | None = None,
    ) -> None:
        """Let the function do something."""
        self.role.add_to_policy(
            iam.PolicyStatement(
                sid=sid,
                actions=list(actions),
                resources=list(resources),
                conditions=dict(conditions) if conditions else None,
            )
        )
