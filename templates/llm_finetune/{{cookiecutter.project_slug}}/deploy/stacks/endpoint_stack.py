"""The endpoint stack: composes the building blocks for one stage."""

from aws_cdk import CfnOutput, Stack, Tags
from aws_cdk import aws_kms as kms
from constructs import Construct

from components.alarms import Alarms
from components.data_capture import DataCapture
from components.deployment import Deployment
from components.encryption_key import EncryptionKey
from components.endpoint_logs import EndpointLogs, endpoint_log_group_name
from components.execution_role import ExecutionRole, ModelArtifacts
from components.image_registries import registry_account
from components.notifications import Notifications
from stacks.container import engine_environment
from stacks.cost import estimate
from stacks.dashboard import ModelDashboard
from stacks.endpoint import ComponentEndpoint
from stacks.engine_alarms import EngineWatch
from stacks.guardrail import Guardrail
from stacks.inference_component import Adapter, ModelCopies
from stacks.model_metrics import ModelMetrics
from stacks.scaling import CopyScaling
from stacks.served_model import ServedModel
from stacks.stage_config import StageConfig


class EndpointStack(Stack):
    """A real-time endpoint that serves one language model, with what it needs to be safe."""

    def __init__(self, scope: Construct, *, deployment: Deployment[StageConfig]) -> None:
        settings, config, stage = deployment.settings, deployment.config, deployment.stage
        name = settings.endpoint_name(stage)
        super().__init__(
            scope,
            "Endpoint",
            stack_name=settings.stack_name(stage),
            description=f"Language model endpoint of {settings.project.name}, stage {stage}",
            env=deployment.environment,
            termination_protection=config.termination_protection,
        )
        for tag, value in sorted(settings.resource_tags(stage).items()):
            Tags.of(self).add(tag, value)
        # What answers: the copies of the model, or the adapter that is laid over them.
        copies_name = f"{name}-base" if config.adapter else name

        key = EncryptionKey(
            self, "Encryption", endpoint_name=name, log_group_name=endpoint_log_group_name(name)
        ).key
        logs = EndpointLogs(self, "Logs", endpoint_name=name, config=config.logs, key=key)
        notifications = Notifications(
            self, "Notifications", endpoint_name=name, config=config.notifications, key=key
        )
        metrics = ModelMetrics(component_name=copies_name)
        alarms = Alarms(
            self,
            "Alarms",
            endpoint_name=name,
            config=config.alarms,
            metrics=metrics,
            topic=notifications.topic,
        )
        engine = EngineWatch(
            self,
            "Engine",
            endpoint_name=name,
            component_name=copies_name,
            config=config.engine_alarms,
            topic=notifications.topic,
        )
        execution = self._execution_role(deployment, name, key)
        capture = None
        if config.data_capture.enabled:
            capture = DataCapture(
                self, "DataCapture", endpoint_name=name, config=config.data_capture, key=key
            )
            execution.allow_data_capture(capture.bucket, capture.prefix)
        endpoint = ComponentEndpoint(
            self,
            "Hosting",
            endpoint_name=name,
            config=config.endpoint,
            execution=execution,
            key=key,
            data_capture=capture,
        )
        endpoint.node.add_dependency(logs)
        model = ServedModel(
            self,
            "Serving",
            endpoint_name=name,
            package=deployment.package,
            adapter=config.adapter,
            environment=engine_environment(config),
            execution=execution,
        )
        copies = ModelCopies(
            self,
            "Copies",
            component_name=copies_name,
            endpoint=endpoint,
            model_name=model.name,
            host=config.endpoint,
            copies=config.copies,
            rollout=config.rollout,
            rollback_alarms=alarms.rolling_back,
        )
        copies.node.add_dependency(model)
        if config.copies.automatic:
            CopyScaling(self, "Scaling", copies=copies, config=config.copies)
        serves = model.name
        if deployment.artifact_uri is not None:
            Adapter(
                self,
                "Adapter",
                component_name=name,
                endpoint=endpoint,
                base=copies,
                artifact_uri=deployment.artifact_uri,
            )
            serves = deployment.artifact_uri
        dashboard = ModelDashboard(
            self,
            "Overview",
            endpoint_name=name,
            config=config,
            metrics=metrics,
            alarms=[*alarms.all, *engine.all],
        )
        outputs = {
            "EndpointName": name,
            "EndpointConfigName": endpoint.config_name,
            "InferenceComponentName": name,
            "Serves": serves,
            "ModelName": model.name,
            "ModelPackageArn": deployment.package.arn,
            "RollbackAlarms": ",".join(config.alarms.rolling_back()) or "none",
            "NotificationTopicArn": notifications.topic.topic_arn,
            "DashboardUrl": dashboard.url,
            "TokensInMemoryPerCopy": str(config.tokens_in_memory),
        }
        cost = estimate(config)
        if cost is not None:
            outputs["EstimatedCost"] = str(cost)
        if capture is not None:
            outputs["DataCaptureUri"] = capture.uri
        if config.guardrail is not None:
            guard = Guardrail(self, "Guard", endpoint_name=name, config=config.guardrail, key=key)
            outputs["GuardrailId"] = guard.guardrail.attr_guardrail_id
            outputs["GuardrailVersion"] = guard.version.attr_version
        for output, value in outputs.items():
            CfnOutput(self, output, value=value)

    def _execution_role(
        self, deployment: Deployment[StageConfig], name: str, key: kms.IKey
    ) -> ExecutionRole:
        config = deployment.config
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
        if config.adapter is not None:
            base = ModelArtifacts.from_uri(config.adapter.base_artifacts_uri)
            execution.allow_artifacts(base, purpose="Base")
        return execution
