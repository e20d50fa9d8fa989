"""GitHub's OpenID Connect provider in one account: what lets its workflows ask for credentials."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from constructs import Construct

from generator.config.model import Config, Place
from generator.infrastructure.stacks.base import PlacedStack

AUDIENCE = "sts.amazonaws.com"


class GitHubIdentityStack(PlacedStack):
    """The provider alone: it allows nothing until a role trusts one repository of it."""

    def __init__(self, scope: Construct, *, config: Config, place: Place) -> None:
        super().__init__(
            scope,
            f"github-identity-{place.account}",
            config=config,
            place=place,
            description="Lets workflows of GitHub prove which repository they belong to",
        )
        self.provider = iam.CfnOIDCProvider(
            self,
            "Provider",
            url=f"https://{config.github.oidc_issuer}",
            client_id_list=[AUDIENCE],
        )
        # Roles of projects trust it: it must not go with this stack.
        self.provider.apply_removal_policy(RemovalPolicy.RETAIN)
        self.output("ProviderArn", self.provider.attr_arn, "For the roles of projects")


def identity_places(config: Config) -> list[Place]:
    """Return where a provider is to be made: one place for each account that has stages.

    The shared-services account comes first. Accounts that have one, by configuration, are left out.
    """
    stages = [stage for tenant in config.tenants for stage in tenant.stages.values()]
    by_account: dict[str, Place] = {}
    for place in (config.shared_services, *stages):
        by_account.setdefault(place.account, Place(place.account, place.region))
    for existing in config.oidc_provider_arns:
        by_account.pop(existing.split(":")[4], None)
    return list(by_account.values())
