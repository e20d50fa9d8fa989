"""The part in the shared-services account: from a project event to two repositories."""

from __future__ import annotations

from constructs import Construct

from generator.config.model import Config
from generator.infrastructure.components.alarms import Alarms
from generator.infrastructure.components.dashboard import Dashboard
from generator.infrastructure.components.event_handler import EventHandler
from generator.infrastructure.components.event_route import EventRoute
from generator.infrastructure.components.failure_telling import FailureTelling
from generator.infrastructure.components.notification_topic import NotificationTopic
from generator.infrastructure.components.permissions import grant_what_is_needed
from generator.infrastructure.components.project_bus import ProjectBus
from generator.infrastructure.components.seeding_machine import SeedingMachine
from generator.infrastructure.components.step_function import Bundle, StepFunction
from generator.infrastructure.event_patterns import CREATE, DELETE, project_events
from generator.infrastructure.functions import APPROVAL, DELETION, SEEDING, FunctionSpec
from generator.infrastructure.stacks.base import PlacedStack


class ControlPlaneStack(PlacedStack):
    """Bus, rules, state machine, functions, notifications, alarms and a dashboard."""

    def __init__(
        self,
        scope: Construct,
        *,
        config: Config,
        bundle: Bundle,
    ) -> None:
        super().__init__(
            scope,
            "control-plane",
            config=config,
            place=config.shared_services,
            description="From a project in SageMaker Unified Studio to its two repositories",
        )
        self._config = config
        self._code, self._architecture = bundle.code(), bundle.architecture
        self.notifications = NotificationTopic(
            self, "Notifications", config=config, place=config.shared_services
        )
        self.bus = ProjectBus(self, "Projects", config=config)
        self.steps = {spec.name: self._step(spec) for spec in SEEDING}
        self.machine = SeedingMachine(self, "Seeding", config=config, told=self.notifications)
        self.telling = FailureTelling(
            self, "Failed", config=config, of=self.machine, told=self.notifications
        )
        self.creation = self._creation()
        self.deletion = self._deletion()
        self.alarms = self._alarms()
        self.dashboard = self._dashboard()
        self.output("BusArn", self.names.bus_arn, "Where project events go")
        self.output("StateMachineArn", self.machine.arn, "From a project to its repositories")
        self.output("TopicArn", self.notifications.topic.topic_arn, "Where people are told")
        self.output("Dashboard", self.dashboard.name, "The dashboard in CloudWatch")

    def _step(self, spec: FunctionSpec) -> StepFunction:
        step = StepFunction(
            self,
            "".join(part.capitalize() for part in spec.name.split("_")),
            spec=spec,
            names=self.names,
            code=self._code,
            architecture=self._architecture,
            reserve_concurrency=self._config.reserve_concurrency,
        )
        grant_what_is_needed(step, self._config)
        return step

    def _creation(self) -> EventRoute:
        route = EventRoute(
            self,
            "Creation",
            name="project-created",
            description="New projects of the configured domains, to the state machine",
            pattern=project_events(self._config, CREATE),
            target_arn=self.machine.arn,
            action="states:StartExecution",
            names=self.names,
            place=self._config.shared_services,
            bus=self.names.bus,
        )
        route.rule.node.add_dependency(self.bus)
        return route

    def _deletion(self) -> EventRoute:
        step = self._step(DELETION)
        self.steps[DELETION.name] = step
        route = EventRoute(
            self,
            "DeletedProjects",
            name="project-deleted",
            description="Deleted projects of the configured domains, to the function for them",
            pattern=project_events(self._config, DELETE),
            target_arn=step.function.function_arn,
            action=None,
            names=self.names,
            place=self._config.shared_services,
            bus=self.names.bus,
        )
        route.rule.node.add_dependency(self.bus)
        EventHandler(
            self,
            "DeletedProjectsHandling",
            route=route,
            step=step,
            account=self._config.shared_services.account,
        )
        return route

    def _alarms(self) -> Alarms:
        alarms = Alarms(self, "Alarms", names=self.names, topic=self.notifications.topic)
        alarms.watch_machine(self.machine)
        alarms.watch_letters(
            self.creation.undelivered,
            "A new project did not reach the state machine",
            "Start the state machine with the event as input, or run:"
            " aiops create --project ID --domain ID. Then delete the message.",
        )
        alarms.watch_letters(
            self.telling.route.undelivered,
            "People were not told that a project did not get its repositories",
            "The event says which execution failed and why: correct the cause and redrive it. Then"
            " delete the message.",
        )
        alarms.watch_letters(
            self.deletion.undelivered,
            "The repositories of a deleted project were not archived",
            f"See the log of {self.names(DELETION.name)}, correct the cause and invoke it with the"
            " event (in requestPayload, if there is one). Then delete the message.",
        )
        for step in self.steps.values():
            alarms.watch_function(step)
        alarms.watch_github()
        return alarms

    def _dashboard(self) -> Dashboard:
        # The approval's function and queue are in a stack of their own; the page shows them too.
        return Dashboard(
            self,
            "Overview",
            names=self.names,
            machine=self.machine,
            functions=[*(step.name for step in self.steps.values()), self.names(APPROVAL.name)],
            queues=[
                self.creation.undelivered.name,
                self.telling.route.undelivered.name,
                self.deletion.undelivered.name,
                f"{self.names('model-changed')}-undelivered",
            ],
            alarms=self.alarms.all,
        )
