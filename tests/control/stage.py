"""What the tests of the steps share: a configuration, ports to stand-ins, the project's event."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from generator.config import Config, load
from generator.control.ports import GitHubAccess, Ports, ports_of
from generator.datazone import datazone_client
from tests.generator.generator_stage import DOMAIN, PROJECT, read_event

CREATE = read_event()
GIVEN = {"event": CREATE, "execution_id": "arn:aws:states:eu-west-1:1:execution:aiops:1"}
CANARY = "canary-7f3e9a-never-to-be-seen"

CONFIGURATION = """
[governance]
account = "111122223333"
region = "eu-west-1"
domains = ["{domain}"]

[shared_services]
account = "222233334444"
region = "eu-west-1"

[github]
organization = "acme-ml"
auth = "token"
token_secret = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:aiops/github-a1b2c3"
api_url = "{api}"
git_url = "{web}"
"""


def configuration(
    folder: Path, more: str = "", *, api: str = "", web: str = "", **changes: Any
) -> Config:
    """Read a small `aiops.toml` with `more` at its end; `changes` are made to what was read."""
    file = folder / "aiops.toml"
    text = CONFIGURATION.format(
        domain=DOMAIN, api=api or "https://api.github.com", web=web or "https://github.com"
    )
    file.write_text(text + more)
    return replace(load(file), **changes)


def nobody(*arguments: object) -> Any:
    """A port that a step must not use."""
    raise AssertionError(f"nobody is to be asked: {arguments}")


def blind_ports(config: Config) -> Ports:
    """Ports with which only DataZone and the templates can be asked."""
    real = ports_of(config)
    return replace(
        real,
        datazone=datazone_client,
        github=GitHubAccess(nobody),
        git=nobody,
        sagemaker=nobody,
        secrets=nobody,
    )


__all__ = ["CANARY", "CREATE", "DOMAIN", "GIVEN", "PROJECT", "blind_ports", "configuration"]
