"""What every stack of the control plane has in common: a place, tags, protection."""

from __future__ import annotations

from aws_cdk import CfnOutput, Environment, Stack, Tags
from constructs import Construct

from generator.config.model import Config, Place
from generator.infrastructure.names import names_of


class PlacedStack(Stack):
    """A stack in one account and region, named after the configuration's prefix."""

    def __init__(
        self, scope: Construct, part: str, *, config: Config, place: Place, description: str
    ) -> None:
        self.names = names_of(config)
        super().__init__(
            scope,
            self.names(part),
            description=description,
            env=Environment(account=place.account, region=place.region),
            termination_protection=True,
        )
        for tag, value in sorted(config.tags.items()):
            Tags.of(self).add(tag, value)

    def output(self, name: str, value: str, description: str) -> None:
        """Show a value to whoever deploys the stack."""
        CfnOutput(self, name, value=value, description=description)
