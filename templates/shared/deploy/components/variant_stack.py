"""The stack of an endpoint whose instances serve one model: everything but what is special."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import IDependable

from components.alarms import Alarms
from components.autoscaling import Autoscaling
from components.dashboard import Dashboard
from components.endpoint import VARIANT_NAME, Endpoint
from components.endpoint_metrics import EndpointMetrics
from components.model import Model
from components.sagemaker_role import Grant
from components.stage_config import StageConfig
from components.stage_stack import StageStack

VariantConfig = TypeVar("VariantConfig", bound=StageConfig)


class VariantStack(StageStack[VariantConfig]):
    """One variant behind a blue/green rollout that alarms undo, scaled by its traffic.

    A subclass makes what its use case adds, and then calls ``serve`` once.
    """

    def serve(
        self,
        *,
        metrics: EndpointMetrics | None = None,
        environment: Mapping[str, str] | None = None,
        grants: Sequence[Grant] = (),
        after: Sequence[IDependable] = (),
        rows: Sequence[Sequence[cloudwatch.IWidget]] = (),
    ) -> None:
        """Make the endpoint.

        ``metrics`` are what alarms watch, when the use case has more than every endpoint. The
        container gets ``environment`` beside the stage's own variables, and its role ``grants``.
        ``after`` must exist before the endpoint does, and ``rows`` end the dashboard.
        """
        name, config = self.endpoint_name, self.config
        if metrics is None:
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
            topic=self.notifications.topic,
        )
        self.execution = self.execution_role(in_vpc=config.endpoint.vpc is not None)
        for grant in grants:
            self.execution.allow(grant)
        self.capture = self.data_capture(self.execution)
        self.model = Model(
            self,
            "Serving",
            endpoint_name=name,
            package=self.deployment.package,
            config=config.endpoint,
            environment=environment,
            execution=self.execution,
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
            key=self.key,
            data_capture=self.capture,
        )
        self.endpoint.node.add_dependency(self.logs, *after)
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
            rows=rows,
        )
        self.output(
            {
                "EndpointName": name,
                "EndpointConfigName": self.endpoint.config_name,
                "ModelName": self.model.name,
                "ModelPackageArn": self.deployment.package.arn,
                "RollbackAlarms": ",".join(config.alarms.rolling_back()) or "none",
                "NotificationTopicArn": self.notifications.topic.topic_arn,
                "DashboardUrl": dashboard.url,
            }
        )
        if self.capture is not None:
            self.output({"DataCaptureUri": self.capture.uri})
