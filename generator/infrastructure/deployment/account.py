"""Asks whose credentials these are, and whether the CDK may deploy there."""

from __future__ import annotations

from collections.abc import Iterable

from generator import aws
from generator.control.aws import explained
from generator.errors import GeneratorError, InputError
from generator.infrastructure.deployment.assembly import Stack

_SIGN_IN = (
    "sign in to the account of the stack, for example with aws sso login, and set AWS_PROFILE"
)


class AccountUnavailable(GeneratorError):
    """AWS did not answer usefully."""


class WrongCredentials(InputError):
    """There are no credentials, or they are another account's."""


class NotBootstrapped(InputError):
    """The CDK has never been set up in this account and region, or long ago."""


def signed_in(region: str) -> str:
    """Return the account of the credentials in the environment.

    Raises WrongCredentials when there are none or they are refused, AccountUnavailable.
    """
    with explained(AccountUnavailable, WrongCredentials, _SIGN_IN):
        found: str = aws.client("sts", region).get_caller_identity()["Account"]
    return found


def of_account(stacks: Iterable[Stack], account: str) -> tuple[Stack, ...]:
    """Return the stacks that belong to `account`; WrongCredentials when none does."""
    stacks = tuple(stacks)
    found = tuple(stack for stack in stacks if stack.place.account == account)
    if not found:
        elsewhere = "; ".join(f"{stack.name} to {stack.place.account}" for stack in stacks)
        raise WrongCredentials(
            f"the AWS credentials belong to account {account}, but {elsewhere}: {_SIGN_IN}"
        )
    return found


def require_bootstrap(stacks: Iterable[Stack]) -> None:
    """Raise NotBootstrapped unless the CDK is set up wherever the stacks go."""
    looked_at = set()
    for stack in stacks:
        if stack.place in looked_at:
            continue
        looked_at.add(stack.place)
        version = _bootstrap_version(stack)
        if version is None or version < stack.bootstrap_version:
            have = "is not set up for the CDK" if version is None else f"has version {version}"
            raise NotBootstrapped(
                f"account {stack.place.account}, region {stack.place.region}, {have}; version"
                f" {stack.bootstrap_version} is needed: run make bootstrap STACK={stack.name}"
            )


def _bootstrap_version(stack: Stack) -> int | None:
    name = stack.bootstrap_parameter
    needed = f"reading the parameter {name} needs ssm:GetParameter"
    client = aws.client("ssm", stack.place.region)
    with explained(AccountUnavailable, WrongCredentials, needed):
        try:
            return int(client.get_parameter(Name=name)["Parameter"]["Value"])
        except client.exceptions.ParameterNotFound:
            return None
