"""The endpoint stack: one variant, and what answers need beside a model package."""

from constructs import Construct

from components.deployment import Deployment
from components.endpoint import VARIANT_NAME
from components.errors import ConfigurationError
from components.guardrail import Guardrail
from components.sagemaker_role import Grant
from components.variant_stack import VariantStack
from stacks.answer_graphs import answer_rows
from stacks.answer_log import AnswerLog
from stacks.answer_metrics import AnswerMetrics
from stacks.models_access import Place, encoder_grants, model_grants
from stacks.monitoring.construct import Monitoring
from stacks.monitoring.job import JobImage
from stacks.sections import GroundedGuardrail
from stacks.stage_config import SCIKIT_LEARN, RetrievalStageConfig
from stacks.tracing import tracing_environment, tracing_grants, tracking_server
from stacks.vector_store.reading import reading


class EndpointStack(VariantStack[RetrievalStageConfig]):
    """A real-time endpoint that finds passages and answers from them."""

    def __init__(self, scope: Construct, *, deployment: Deployment[RetrievalStageConfig]) -> None:
        super().__init__(scope, deployment=deployment, kind="Retrieval endpoint")
        config = self.config
        answers = AnswerLog(
            self, "Answers", endpoint_name=self.endpoint_name, log_group=self.logs.log_group
        )
        metrics = AnswerMetrics(
            endpoint_name=self.endpoint_name,
            variant_name=VARIANT_NAME,
            instance_type=config.endpoint.instance_type,
        )
        place = Place(partition=self.partition, account=self.account, region=self.region)
        environment: dict[str, str] = {}
        store = reading(self, deployment)
        grants = [*model_grants(config.models, place), *store.grants]
        if config.guardrail is not None:
            environment |= self._guarded(config.guardrail, grants)
        if config.tracing is not None:
            server = tracking_server(
                deployment.settings.mlflow.tracking_arn, stage=deployment.stage
            )
            environment |= tracing_environment(config.tracing, server)
            grants += tracing_grants(config.tracing, server)
        self.serve(
            metrics=metrics,
            environment=environment,
            grants=grants,
            # What is logged before a filter exists is not counted.
            after=[answers],
            rows=answer_rows(metrics, config.alarms),
        )
        allowed = store.let_in(self, self.execution.role.role_arn, deployment.stage)
        if allowed is not None:
            self.endpoint.node.add_dependency(allowed)
        if config.monitoring is not None:
            self._monitor(place)

    def _monitor(self, place: Place) -> None:
        """Look at what people ask, as often as the stage says."""
        config, deployment = self.config, self.deployment
        assert config.monitoring is not None
        assert self.capture is not None and deployment.artifact_uri is not None
        repository = config.container.repository
        monitoring = Monitoring(
            self,
            "Monitoring",
            endpoint_name=self.endpoint_name,
            config=config.monitoring,
            capture=self.capture,
            package_uri=deployment.artifact_uri,
            artifacts=deployment.artifacts,
            image=JobImage(self.image_account, repository, complete=repository != SCIKIT_LEARN),
            key=self.key,
            topic=self.notifications.topic,
            tags=deployment.settings.resource_tags(deployment.stage),
            vpc=config.endpoint.vpc,
            grants=list(encoder_grants(config.models, place)),
        )
        self.output({"MonitoringUri": monitoring.uri})

    def _guarded(self, config: GroundedGuardrail, grants: list[Grant]) -> dict[str, str]:
        """Make the stage's guardrail; the variables that tell the container which it is."""
        for model in self.config.models.answers:
            if model.region not in (None, self.region):
                raise ConfigurationError(
                    f"config/{self.deployment.stage}.yaml has a guardrail, which is in"
                    f" {self.region} and guards models that are asked there, but"
                    f" models.answers asks {model.id} in {model.region}; ask it in"
                    f" {self.region}, or set guardrail to null"
                )
        guard = Guardrail(
            self,
            "Guard",
            endpoint_name=self.endpoint_name,
            config=config,
            key=self.key,
            grounding=config.checks,
        )
        arn, version = guard.guardrail.attr_guardrail_arn, guard.version.attr_version
        grants.append(Grant("ApplyGuardrail", ["bedrock:ApplyGuardrail"], [arn]))
        grants.append(Grant("ReadGuardrail", ["kms:Decrypt"], [self.key.key_arn]))
        identity = guard.guardrail.attr_guardrail_id
        self.output({"GuardrailId": identity, "GuardrailVersion": version})
        return {"GUARDRAIL_ID": identity, "GUARDRAIL_VERSION": version}
