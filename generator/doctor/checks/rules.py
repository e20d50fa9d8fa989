"""The event rules are deployed as configured, enabled, lead where they should, and succeed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from generator.doctor.accounts import Absent, AwsPlace
from generator.doctor.examination import Examination
from generator.doctor.findings import Found, ok, problem, warning
from generator.infrastructure.event_patterns import (
    CREATE,
    DELETE,
    Pattern,
    model_changes,
    project_events,
)
from generator.infrastructure.functions import APPROVAL, DELETION
from generator.infrastructure.names import FAILURE_MACHINE, SEEDING_MACHINE
from generator.infrastructure.state_machine import failure_events

DEPLOY_AGAIN = "deploy again: make deploy"
LOOKED_BACK = timedelta(hours=24)


@dataclass(frozen=True)
class Rule:
    """A rule as it should be. bus: None for the default one."""

    name: str
    place: AwsPlace
    bus: str | None
    pattern: Pattern
    target: str


def forwarding(examination: Examination) -> Iterator[Found]:
    """The governance account passes project events on."""
    names, config = examination.names, examination.config
    pattern = project_events(config, CREATE, DELETE)
    yield from _look_at(
        Rule(names("forward-projects"), examination.governance, None, pattern, names.bus_arn)
    )


def receiving(examination: Examination) -> Iterator[Found]:
    """The shared-services account starts the state machines, and the functions for the rest."""
    names, config, place = examination.names, examination.config, examination.shared
    seeding = names.state_machine_arn(SEEDING_MACHINE)
    for part, bus, pattern, target in (
        ("project-created", names.bus, project_events(config, CREATE), seeding),
        (
            "project-deleted",
            names.bus,
            project_events(config, DELETE),
            names.function_arn(DELETION.name),
        ),
        ("model-changed", None, model_changes(), names.function_arn(APPROVAL.name)),
        (
            "project-failed",
            None,
            failure_events(seeding),
            names.state_machine_arn(FAILURE_MACHINE),
        ),
    ):
        yield from _look_at(Rule(names(part), place, bus, pattern, target))


def _look_at(rule: Rule) -> Iterator[Found]:
    on_bus = {"EventBusName": rule.bus} if rule.bus else {}
    try:
        found = rule.place.ask("events", "describe_rule", Name=rule.name, **on_bus)
    except Absent:
        yield problem(
            f"there is no rule {rule.name} in {rule.place.account} {rule.place.region}",
            "deploy the control plane: make deploy",
        )
        return
    if found["State"] == "DISABLED":
        yield problem(
            f"the rule {rule.name} is disabled",
            f"aws events enable-rule --name {rule.name}"
            + (f" --event-bus-name {rule.bus}" if rule.bus else ""),
        )
        return
    targets = rule.place.ask("events", "list_targets_by_rule", Rule=rule.name, **on_bus)["Targets"]
    told = [target["Arn"] for target in targets]
    if rule.target not in told:
        leads = f"leads to {', '.join(told)}" if told else "has no target"
        yield problem(f"the rule {rule.name} {leads}, not to {rule.target}", DEPLOY_AGAIN)
        return
    if json.loads(found.get("EventPattern", "null")) != rule.pattern:
        yield problem(
            f"the rule {rule.name} matches other events than this configuration's", DEPLOY_AGAIN
        )
        return
    if not any("DeadLetterConfig" in target for target in targets):
        yield warning(f"the rule {rule.name} has no dead-letter queue", DEPLOY_AGAIN)
    failed = _failures(rule, on_bus)
    if failed:
        yield problem(
            f"the rule {rule.name} could not reach its target {failed} times in 24 hours",
            f"its events are in the queue {rule.name}-undelivered, each with the error in its"
            " attributes: docs/operations.md says what to do with them",
        )
    else:
        yield ok(f"the rule {rule.name} is enabled; no failed invocation in 24 hours")


def _failures(rule: Rule, on_bus: dict[str, str]) -> int:
    dimensions = {"RuleName": rule.name, **on_bus}
    now = datetime.now(UTC)
    points = rule.place.ask(
        "cloudwatch",
        "get_metric_statistics",
        Namespace="AWS/Events",
        MetricName="FailedInvocations",
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - LOOKED_BACK,
        EndTime=now,
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return int(sum(point["Sum"] for point in points))
