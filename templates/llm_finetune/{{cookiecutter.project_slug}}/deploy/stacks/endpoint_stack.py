"""The endpoint stack: composes the building blocks for one stage."""

from constructs import Construct

from components.alarms import Alarms
from components.deployment import Deployment
from components.guardrail import Guardrail
from components.model_package import ADAPTER_ARCHIVE
from components.sagemaker_role import ModelArtifacts
from components.stage_stack import StageStack
from stacks.container import engine_environment
from stacks.cost import estimate
from stacks.dashboard import ModelDashboard
from stacks.endpoint import ComponentEndpoint
from stacks.engine_alarms import EngineWatch
from stacks.inference_component import Adapter, ModelCopies
from stacks.model_metrics import ModelMetrics
from stacks.scaling import CopyScaling
from stacks.served_model import ServedModel
from stacks.stage_config import StageConfig


class EndpointStack(StageStack[StageConfig]):
    """A real-time endpoint that serves one language model, with what it needs to be safe."""

    def __init__(self, scope: Construct, *, deployment: Deployment[StageConfig]) -> None:
        super().__init__(scope, deployment=deployment, kind="Language model endpoint")
        name, config = self.endpoint_name, self.config
        # What answers: the copies of the model, or the adapter that is laid over them.
        copies_name = f"{name}-base" if config.adapter else name

        metrics = ModelMetrics(component_name=copies_name)
        alarms = Alarms(
            self,
            "Alarms",
            endpoint_name=name,
            config=config.alarms,
            metrics=metrics,
            topic=self.notifications.topic,
        )
        engine = EngineWatch(
            self,
            "Engine",
            endpoint_name=name,
            component_name=copies_name,
            config=config.engine_alarms,
            topic=self.notifications.topic,
        )
        execution = self.execution_role(in_vpc=config.endpoint.vpc is not None)
        if config.adapter is not None:
            base = ModelArtifacts.from_uri(config.adapter.base_artifacts_uri)
            execution.allow_artifacts(base, purpose="Base")
        capture = self.data_capture(execution)
        endpoint = ComponentEndpoint(
            self,
            "Hosting",
            endpoint_name=name,
            config=config.endpoint,
            execution=execution,
            key=self.key,
            data_capture=capture,
        )
        endpoint.node.add_dependency(self.logs)
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
            serves = f"{deployment.artifact_uri}/{ADAPTER_ARCHIVE}"
            Adapter(
                self,
                "Adapter",
                component_name=name,
                endpoint=endpoint,
                base=copies,
                artifact_uri=serves,
            )
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
            "NotificationTopicArn": self.notifications.topic.topic_arn,
            "DashboardUrl": dashboard.url,
            "TokensInMemoryPerCopy": str(config.tokens_in_memory),
        }
        cost = estimate(config)
        if cost is not None:
            outputs["EstimatedCost"] = str(cost)
        if capture is not None:
            outputs["DataCaptureUri"] = capture.uri
        if config.guardrail is not None:
            guard = Guardrail(
                self, "Guard", endpoint_name=name, config=config.guardrail, key=self.key
            )
            outputs["GuardrailId"] = guard.guardrail.attr_guardrail_id
            outputs["GuardrailVersion"] = guard.version.attr_version
        self.output(outputs)
