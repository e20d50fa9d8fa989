"""The endpoint stack: composes the building blocks of components/ for one stage."""

from aws_cdk import CfnOutput, Stack, Tags
from constructs import Construct

from components.alarms import Alarms
from components.autoscaling import Autoscaling
from components.dashboard import Dashboard
from components.data_capture import DataCapture
from components.deployment import Deployment
from components.encryption_key import EncryptionKey
from components.endpoint import VARIANT_NAME, Endpoint
from components.endpoint_logs import EndpointLogs, endpoint_log_group_name
from components.endpoint_metrics import EndpointMetrics
from components.execution_role import ExecutionRole
from components.image_registries import registry_account
from components.model import Model
from components.notifications import Notifications
from components.stage_config import StageConfig


class EndpointStack(Stack):
    """A real-time endpoint that serves one model package, with what it needs to be safe."""

    def __init__(self, scope: Construct, *, deployment: Deployment[StageConfig]) -> None:
        settings, config, stage = deployment.settings, deployment.config, deployment.stage
        name = settings.endpoint_name(stage)
        super().__init__(
            scope,
            "Endpoint",
            stack_name=settings.stack_name(stage),
            description=f"Real-time endpoint of {settings.project.name}, stage {stage}",
            env=deployment.environment,
            termination_protection=config.termination_protection,
        )
        self._tag(deployment)

        key = EncryptionKey(
            self, "Encryption", endpoint_name=name, log_group_name=endpoint_log_group_name(name)
        ).key
        logs = EndpointLogs(self, "Logs", endpoint_name=name, config=config.logs, key=key)
        notifications = Notifications(
            self, "Notifications", endpoint_name=name, config=config.notifications, key=key
        )
        metrics = EndpointMetrics(
            endpoint_name=name,
            variant_name=VARIANT_NAME,
            instance_type=config.endpoint.instance_type,
        )
        self.alarms = Alarms(
            self,
            "Alarms",
            endpoint_name=name,
            config=config.alarms,
            metrics=metrics,
            topic=notifications.topic,
        )
        execution = ExecutionRole(
            self,
            "Execution",
            endpoint_name=name,
            artifacts=deployment.artifacts,
            image_account=registry_account(
                region=self.region,
                repository=config.container.repository,
                override=config.container.account,
            ),
            image_repository=config.container.repository,
            key=key,
            in_vpc=config.endpoint.vpc is not None,
        )
        capture = None
        if config.data_capture.enabled:
            capture = DataCapture(
                self, "DataCapture", endpoint_name=name, config=config.data_capture, key=key
            )
            execution.allow_data_capture(capture.bucket, capture.prefix)
        self.model = Model(
            self,
            "Serving",
            endpoint_name=name,
            package=deployment.package,
            config=config.endpoint,
            execution=execution,
        )
        self.endpoint = Endpoint(
            self,
            "Hosting",
            endpoint_name=name,
            model=self.model,
            config=config.endpoint,
            scaling=config.scaling,
            rollout=config.rollout,
            rollback_alarms=self.alarms.rolling_back,
            key=key,
            data_capture=capture,
        )
        self.endpoint.node.add_dependency(logs)
        if config.scaling.automatic:
            Autoscaling(
                self, "Scaling", endpoint_name=name, endpoint=self.endpoint, config=config.scaling
            )
        dashboard = Dashboard(
            self,
            "Overview",
            endpoint_name=name,
            config=config,
            metrics=metrics,
            alarms=self.alarms.all,
        )
        self._output("EndpointName", name)
        self._output("EndpointConfigName", self.endpoint.config_name)
        self._output("ModelName", self.model.name)
        self._output("ModelPackageArn", deployment.package.arn)
        self._output("RollbackAlarms", ",".join(config.alarms.rolling_back()) or "none")
        self._output("NotificationTopicArn", notifications.topic.topic_arn)
        self._output("DashboardUrl", dashboard.url)
        if capture is not None:
            self._output("DataCaptureUri", capture.uri)

    def _tag(self, deployment: Deployment[StageConfig]) -> None:
        for tag, value in sorted(deployment.settings.resource_tags(deployment.stage).items()):
            Tags.of(self).add(tag, value)

    def _output(self, name: str, value: str) -> None:
        CfnOutput(self, name, value=value)
