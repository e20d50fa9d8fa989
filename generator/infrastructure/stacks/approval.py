"""The part beside the model registry: an approved model starts its project's deploy workflow."""

from __future__ import annotations

from aws_cdk import aws_sns as sns
from constructs import Construct

from generator.config.model import Config
from generator.infrastructure.components.alarms import Alarms
from generator.infrastructure.components.event_handler import EventHandler
from generator.infrastructure.components.event_route import EventRoute
from generator.infrastructure.components.permissions import grant_what_is_needed
from generator.infrastructure.components.step_function import Bundle, StepFunction
from generator.infrastructure.event_patterns import model_changes
from generator.infrastructure.functions import APPROVAL
from generator.infrastructure.names import topic_arn
from generator.infrastructure.stacks.base import PlacedStack


class ApprovalStack(PlacedStack):
    """A rule on the default bus, where SageMaker's events arrive, and the function it calls."""

    def __init__(
        self,
        scope: Construct,
        *,
        config: Config,
        bundle: Bundle,
    ) -> None:
        place = config.shared_services
        super().__init__(
            scope,
            "approval",
            config=config,
            place=place,
            description="From an approved model to its project's deploy workflow",
        )
        self.step = StepFunction(
            self,
            "Approval",
            spec=APPROVAL,
            names=self.names,
            code=bundle.code(),
            architecture=bundle.architecture,
            reserve_concurrency=config.reserve_concurrency,
        )
        grant_what_is_needed(self.step, config)
        self.route = EventRoute(
            self,
            "Changes",
            name="model-changed",
            description="Changed model packages, to the function that starts their deployment",
            pattern=model_changes(),
            target_arn=self.step.function.function_arn,
            action=None,
            names=self.names,
            place=place,
        )
        EventHandler(self, "Handling", route=self.route, step=self.step, account=place.account)
        topic = sns.Topic.from_topic_arn(self, "Topic", topic_arn(config, place))
        alarms = Alarms(self, "Alarms", names=self.names, topic=topic)
        alarms.watch_letters(
            self.route.undelivered,
            "The deployment of an approved model was not started",
            f"See the log of {self.step.name}, correct the cause, and start the workflow deploy in"
            " the project's deploy repository with the model package's ARN. Then delete the"
            " message.",
        )
        alarms.watch_function(self.step)
        self.output("RuleArn", self.route.arn, "The rule on changes of model packages")
        self.output("UndeliveredEvents", self.route.undelivered.name, "Queue of what failed")
