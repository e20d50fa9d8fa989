"""The stack of a stage's endpoint: its names, tags and key, and what every endpoint needs."""

from typing import Generic

from aws_cdk import CfnOutput, Stack, Tags
from constructs import Construct

from components.data_capture import DataCapture
from components.deployment import Deployment
from components.encryption_key import EncryptionKey
from components.endpoint_logs import EndpointLogs, endpoint_log_group_name
from components.execution_role import ExecutionRole
from components.image_registries import registry_account
from components.notifications import Notifications
from components.stage_config import Configuration


class StageStack(Stack, Generic[Configuration]):
    """Encryption, logs and notifications of one endpoint; a subclass adds what serves."""

    def __init__(
        self, scope: Construct, *, deployment: Deployment[Configuration], kind: str
    ) -> None:
        settings, config, stage = deployment.settings, deployment.config, deployment.stage
        name = settings.endpoint_name(stage)
        super().__init__(
            scope,
            "Endpoint",
            stack_name=settings.stack_name(stage),
            description=f"{kind} of {settings.project.name}, stage {stage}",
            env=deployment.environment,
            termination_protection=config.termination_protection,
        )
        for tag, value in sorted(settings.resource_tags(stage).items()):
            Tags.of(self).add(tag, value)
        self.deployment = deployment
        self.config = config
        self.endpoint_name = name
        self.key = EncryptionKey(
            self, "Encryption", endpoint_name=name, log_group_name=endpoint_log_group_name(name)
        ).key
        self.logs = EndpointLogs(self, "Logs", endpoint_name=name, config=config.logs, key=self.key)
        self.notifications = Notifications(
            self, "Notifications", endpoint_name=name, config=config.notifications, key=self.key
        )

    @property
    def image_account(self) -> str:
        """The account whose registry has the stage's image."""
        container = self.config.container
        return registry_account(
            region=self.region, repository=container.repository, override=container.account
        )

    def execution_role(self, *, in_vpc: bool) -> ExecutionRole:
        """The role of the instances, which may read models and pull the stage's image."""
        return ExecutionRole(
            self,
            "Execution",
            endpoint_name=self.endpoint_name,
            artifacts=self.deployment.artifacts,
            image_account=self.image_account,
            image_repository=self.config.container.repository,
            key=self.key,
            in_vpc=in_vpc,
        )

    def data_capture(self, execution: ExecutionRole) -> DataCapture | None:
        """Where requests and answers are kept; None when the stage keeps none."""
        if not self.config.data_capture.enabled:
            return None
        capture = DataCapture(
            self,
            "DataCapture",
            endpoint_name=self.endpoint_name,
            config=self.config.data_capture,
            key=self.key,
        )
        execution.allow_data_capture(capture.bucket, capture.prefix)
        return capture

    def output(self, values: dict[str, str]) -> None:
        """Name values for whoever comes after the deployment."""
        for name, value in values.items():
            CfnOutput(self, name, value=value)
