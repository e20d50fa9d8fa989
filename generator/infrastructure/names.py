"""Names and ARNs of the control plane's own resources; the same configuration gives the same."""

from __future__ import annotations

from dataclasses import dataclass

from generator.config.model import Config, Place

# From a project to its repositories, and from a failed execution of that to people.
SEEDING_MACHINE, FAILURE_MACHINE = "seed-project", "tell-failure"


@dataclass(frozen=True)
class Names:
    """What everything is called: it follows from `naming.prefix` and the shared-services place."""

    prefix: str
    place: Place

    def __call__(self, part: str) -> str:
        """Return the name of the control plane's `part`, with hyphens."""
        return f"{self.prefix}-{part.replace('_', '-')}"

    @property
    def bus(self) -> str:
        """Name of the event bus that projects are announced on."""
        return self("projects")

    @property
    def bus_arn(self) -> str:
        """ARN of that bus, which rules of other accounts send to."""
        return self.arn("events", f"event-bus/{self.bus}")

    def state_machine_arn(self, part: str) -> str:
        """ARN of the state machine `part`."""
        return self.arn("states", f"stateMachine:{self(part)}")

    @property
    def topic(self) -> str:
        """Name of the topic that people are told on, unless the configuration has one."""
        return self("notifications")

    def function_arn(self, function: str) -> str:
        """ARN of the Lambda function that runs a step."""
        return self.arn("lambda", f"function:{self(function)}")

    def rule_arn(self, rule: str, *, bus: str | None = None, place: Place | None = None) -> str:
        """ARN of an event rule: on the default bus unless `bus` is given."""
        on = f"{bus}/" if bus else ""
        return self.arn("events", f"rule/{on}{self(rule)}", place)

    def arn(self, service: str, resource: str, place: Place | None = None) -> str:
        """ARN of a resource in the shared-services account, or in another place."""
        at = place or self.place
        return f"arn:{at.partition}:{service}:{at.region}:{at.account}:{resource}"


def names_of(config: Config) -> Names:
    """Return the names that follow from a configuration."""
    return Names(config.naming.prefix, config.shared_services)


def topic_arn(config: Config, place: Place | None = None) -> str:
    """Return the ARN of the topic on which people are told by what is in `place`.

    For the shared services, where None is, that is the configured one, if there is one, wherever
    it is; elsewhere only if it is there. Otherwise it is one of ours.
    """
    at = place or config.shared_services
    configured = config.notifications.topic_arn
    if configured and (is_shared_services(config, at) or _lies_in(configured, at)):
        return configured
    names = names_of(config)
    return names.arn("sns", names.topic, at)


def is_shared_services(config: Config, place: Place) -> bool:
    """Whether `place` is the account and region of the shared services."""
    home = config.shared_services
    return (place.account, place.region) == (home.account, home.region)


def _lies_in(arn: str, place: Place) -> bool:
    return arn.split(":")[3:5] == [place.region, place.account]
