"""Everything outside of the steps, played: DataZone, GitHub with its git, the model registry."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from generator.aws import client
from generator.config import Config
from generator.control.ports import GitHubAccess, Ports, ports_of
from generator.github.concealed import Concealed
from generator.github.instance import instance
from generator.github.tokens import ReadTokens
from generator.github.transport import Api
from generator.remotes import git_base
from generator.standins.datazone import DataZoneStandIn, stand_in
from generator.standins.github import GitHubStandIn
from tests.control.registry_server import RegistryServer
from tests.control.stage import CANARY, CREATE, DOMAIN, PROJECT, configuration

TOKEN = f"github_pat_{CANARY}"
PAGER = f"pager-{CANARY}"
BUILD = "acme-ml/house-prices-build"
DEPLOY = f"acme-ml/{PROJECT}-{DOMAIN}-deploy-repo"
SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:aiops/pager-d4e5f6"


class QuickClock:
    """A clock that waits no time, and goes on by what it was asked to wait."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def now(self) -> float:
        return time.time() + self.skipped

    def sleep(self, seconds: float) -> None:
        self.skipped += seconds


@dataclass
class World:
    """The stand-ins, and ports that lead to them. said: what was raised or returned so far."""

    datazone: DataZoneStandIn
    github: GitHubStandIn
    registry: RegistryServer
    config: Config
    token: str = TOKEN
    secrets: dict[str, str] = field(default_factory=lambda: {SECRET_ARN: PAGER})
    said: list[str] = field(default_factory=list)

    @property
    def ports(self) -> Ports:
        """Ports as a new process has them."""
        where = instance(self.config.github.git_url, self.config.github.api_url)
        api = Api(where, ReadTokens(lambda: Concealed(self.token)), clock=QuickClock())  # type: ignore[arg-type]
        return replace(
            ports_of(self.config),
            github=GitHubAccess(lambda: api),
            git=lambda: git_base(where.web, lambda: self.token),
            sagemaker=lambda region: client("sagemaker", region),
            secrets=lambda arn: Concealed(self.secrets[arn]),
        )

    def run(self, step: Callable[[object, Ports], dict[str, Any]], given: object) -> dict[str, Any]:
        """Run a step as a new process would, and remember all it lets out."""
        try:
            done = step(given, self.ports)
        except Exception as error:
            self.said += traceback.format_exception(error)
            raise
        self.said.append(repr(done))
        return done

    def configure(self, **changes: Any) -> None:
        """Change the configuration of GitHub."""
        self.config = replace(self.config, github=replace(self.config.github, **changes))

    def tidy(self) -> None:
        """Check that nobody was misused: impossible answers, malformed requests, secrets seen."""
        assert self.datazone.failures == []
        assert self.registry.failures == []
        assert self.github.failures == []
        assert self.github.complaints == []
        for secret in (TOKEN, PAGER):
            assert self.github.traces(secret) == []
            assert secret not in "".join(self.said)


@contextmanager
def world(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[World]:
    """Let everything outside stand; the build repository is there, as Unified Studio makes it."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("botocore").setLevel(logging.INFO)
    with ExitStack() as open_ones:
        datazone = open_ones.enter_context(stand_in(CREATE))
        github = open_ones.enter_context(GitHubStandIn(folder / "github"))
        registry = open_ones.enter_context(RegistryServer(f"aiops-{PROJECT}-models", {}))
        for name, value in {**datazone.environment, **registry.environment}.items():
            monkeypatch.setenv(name, value)
        github.add_account("acme-ml", "Organization")
        github.add_token(TOKEN, "acme-ml")
        github.create_repository(BUILD)
        config = configuration(folder, api=github.url, web=github.url)
        outside = World(datazone, github, registry, config)
        yield outside
        outside.said.append(caplog.text)
        outside.tidy()
