"""What the steps reach the world through: one frozen object, made once per process.

Each member is made when it is first called, so that a step only pays for what it uses.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from generator.errors import InputError

if TYPE_CHECKING:
    from mypy_boto3_datazone import DataZoneClient

    from generator.catalog import Catalog
    from generator.config.model import Config
    from generator.github.concealed import Concealed
    from generator.github.transport import Api, Tally
    from generator.remotes import GitBase

CONFIG_VARIABLE = "AIOPS_CONFIG"


class GitHubAccess:
    """GitHub, from when it is first asked; calling it gives the Api of one step.

    seconds: for all that the step asks, counted from its first question.
    """

    def __init__(self, make: Callable[[], Api], seconds: float | None = None) -> None:
        self._make = make
        self._seconds = seconds

    def __call__(self) -> Api:
        """Return the Api."""
        return self._api

    def within(self, seconds: float) -> GitHubAccess:
        """Return access for another step, which counts anew."""
        return GitHubAccess(self._make, seconds)

    def used(self) -> Tally | None:
        """Return what this step has sent; None when it has asked GitHub nothing."""
        return self._api.tally if "_api" in self.__dict__ else None

    @cached_property
    def _api(self) -> Api:
        from generator.github.transport import Tally

        api = self._make() if self._seconds is None else self._make().within(self._seconds)
        api.tally = Tally()
        return api


@dataclass(frozen=True)
class Ports:
    """The configuration, and makers of everything outside.

    datazone, sagemaker: clients for a region. secrets: the value of a Secrets Manager secret, by
    its ARN. git: where repositories are pushed to, with the token of `github`.
    """

    config: Config
    catalog: Callable[[], Catalog]
    datazone: Callable[[str], DataZoneClient]
    sagemaker: Callable[[str], Any]
    github: GitHubAccess
    git: Callable[[], GitBase]
    secrets: Callable[[str], Concealed]

    def within(self, seconds: float) -> Self:
        """Return these ports with at most `seconds` from now for all that is asked of GitHub."""
        return replace(self, github=self.github.within(seconds))


def ports_of(config: Config) -> Ports:
    """Return the real ports; the environment of the process decides where AWS is."""

    @cache
    def catalog() -> Catalog:
        from generator.config.templates import templates_of
        from generator.github.tokens import git_password

        token = None if config.templates is None else git_password(github().tokens)
        return templates_of(config, token)

    @cache
    def datazone(region: str) -> DataZoneClient:
        from generator.datazone import datazone_client

        return datazone_client(region)

    @cache
    def sagemaker(region: str) -> Any:
        from generator.aws import client

        return client("sagemaker", region)

    @cache
    def github() -> Api:
        from generator.github.instance import instance
        from generator.github.tokens import environment_tokens, secret_tokens
        from generator.github.transport import Api
        from generator.remotes import TOKEN_VARIABLE

        where = instance(config.github.git_url, config.github.api_url)
        # A person at a laptop has a token, and seldom access to the secret.
        if os.environ.get(TOKEN_VARIABLE):
            return Api(where, environment_tokens())
        return Api(where, secret_tokens(config.github.token_secret, where))

    @cache
    def git() -> GitBase:
        from generator.github.tokens import git_password
        from generator.remotes import git_base

        return git_base(config.github.git_url, git_password(github().tokens))

    def secrets(arn: str) -> Concealed:
        from generator.control.aws import read_secret

        return read_secret(arn)

    return Ports(config, catalog, datazone, sagemaker, GitHubAccess(github), git, secrets)


@cache
def process_ports() -> Ports:
    """Return the ports of a Lambda function, by the file that AIOPS_CONFIG names."""
    from generator.config.loading import load

    told = os.environ.get(CONFIG_VARIABLE, "aiops.toml")
    root = Path(os.environ.get("LAMBDA_TASK_ROOT", "."))
    if not (root / told).is_file():
        raise InputError(f"{CONFIG_VARIABLE} = {told!r}: there is no such file in {root}")
    return ports_of(load(root / told))
